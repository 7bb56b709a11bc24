import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { describeTree } from '@angee/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { must, type Run, run } from '../support/angee.ts'

const repository = new URL('../../', import.meta.url).pathname

/** What a user gets: packed tarballs, installed by npm into an empty directory. */
describe('the packed packages', () => {
  let scratch: string
  let installed: string

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-packed-'))
    const tarballs = join(scratch, 'tarballs')
    await mkdir(tarballs)
    const packages = (await readdir(join(repository, 'packages'))).map((name) => join(repository, 'packages', name))
    for (const directory of [...packages, join(repository, 'recipes')])
      await must('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', tarballs], directory)
    installed = join(scratch, 'installed')
    await mkdir(installed)
    await writeFile(join(installed, 'package.json'), '{ "name": "somebody", "private": true }')
    const files = (await readdir(tarballs)).map((name) => join(tarballs, name))
    await must('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...files], installed)
  })
  afterAll(() => rm(scratch, { recursive: true, force: true }))

  /** The command as npm has linked it, run by the Node of this test. */
  const angee = (cwd: string, ...args: string[]): Promise<Run> =>
    run(join(installed, 'node_modules', '.bin', 'angee'), args, cwd, {
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    })

  it('print their version and help', async () => {
    const version = await angee(installed, '--version')
    expect(version, version.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) })
    expect((await angee(installed, 'stack', '--help')).stdout).toContain('restore')
    expect((await angee(installed, 'recipe', 'ls')).stdout).toContain('postgres')
  })

  it('snapshot a stack of files and a service, and restore it', async () => {
    const root = join(scratch, 'stack')
    await mkdir(join(root, 'data', 'inner'), { recursive: true })
    await writeFile(
      join(root, 'angee.yaml'),
      JSON.stringify({
        persist: { app: { subpath: './data' }, inner: { subpath: './data/inner' } },
        services: { db: { runtime: 'local', backup: { dump: 'cat db', restore: 'cat > db' } } },
      }),
    )
    await writeFile(join(root, 'db'), 'rows')
    await writeFile(join(root, 'data', 'file'), 'content')
    await writeFile(join(root, 'data', 'inner', 'file'), 'content')
    const before = await describeTree(join(root, 'data'))
    const taken = await angee(root, 'stack', 'backup', '--name', 'wanted')
    expect(taken.code, taken.stderr).toBe(0)
    expect((await angee(root, 'stack', 'backup', 'ls')).stdout).toContain('wanted')
    await rm(join(root, 'data'), { recursive: true })
    await writeFile(join(root, 'db'), 'lost')
    const restored = await angee(root, 'stack', 'restore', 'wanted', '--yes')
    expect(restored.code, restored.stderr).toBe(0)
    expect(await describeTree(join(root, 'data'))).toEqual(before)
    expect(await must('cat', ['db'], root)).toBe('rows')
  })

  it('serve a page, and traces where a collector is named', async () => {
    const root = join(scratch, 'served')
    await mkdir(root)
    await writeFile(join(root, 'angee.yaml'), 'persist: { app: { subpath: ./app } }\n')
    const child = spawn(join(installed, 'node_modules', '.bin', 'angee'), ['operator', '--listen', '127.0.0.1:0'], {
      cwd: root,
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = ''
        child.stdout.on('data', (bytes: Buffer) => {
          said += bytes
          const [found] = /http:\S+/.exec(said) ?? []
          if (found) resolve(found)
        })
        child.on('exit', (code) => reject(new Error(`the operator ended with ${code}`)))
      })
      const page = await fetch(url)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('/page/app.js')])
      expect((await fetch(`${url}/page/app.js`)).status).toBe(200)
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      expect((await ended)[0]).toBe(0)
    }
  })

  it('can be imported, each from its own entry, and share one core', async () => {
    const script = `
      const { AngeeError, isAngeeError } = await import('@angee/core')
      const { memoryBackend } = await import('@angee/testkit')
      for (const name of ['backend-localfs', 'runtime-compose', 'runtime-proccompose']) await import('@angee/' + name + '/register')
      await import('@angee/archive')
      console.log(isAngeeError(new AngeeError('USAGE', 'x')), typeof memoryBackend)`
    await writeFile(join(installed, 'imports.mjs'), script)
    expect(await must(process.execPath, ['imports.mjs'], installed)).toBe('true function\n')
    const cores = await must('npm', ['ls', '@angee/core', '--parseable'], installed)
    expect(
      new Set(
        cores
          .trim()
          .split('\n')
          .filter((path) => path.endsWith('/core')),
      ).size,
    ).toBe(1)
  })

  it('hold what they need and no sources of tests', async () => {
    for (const name of await readdir(join(installed, 'node_modules', '@angee'))) {
      const directory = join(installed, 'node_modules', '@angee', name)
      const files = await readdir(directory)
      const what = name === 'recipes' ? 'postgres' : 'dist'
      expect(files, name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', what, 'package.json']))
      expect(files, name).not.toContain('test')
    }
  })
})
