import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeTree, engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveWebdav, type WebdavServer } from '../../examples/third-party-backend/test/rclone.ts'
import { angee, must, type Run } from '../support/angee.ts'

const repository = new URL('../../', import.meta.url).pathname
const plugin = '@example/angee-backend-webdav'
const password = 'canary-4711-horse'

/**
 * What a user of a third party's backend does: its package, packed as it would be published, is installed by npm beside
 * `angee.yaml`. It so brings a core of its own beside that of the command.
 */
engineSuite('a backend of a third party', ['tools'], () => {
  let scratch: string
  let root: string
  let server: WebdavServer
  const said: Run[] = []

  const run = async (cwd: string, ...args: string[]): Promise<Run> => {
    const result = await angee(cwd, args, { WEBDAV_PASSWORD: password })
    said.push(result)
    return result
  }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-third-party-'))
    server = await serveWebdav('--user', 'me', '--pass', password)
    const tarballs = join(scratch, 'tarballs')
    root = join(scratch, 'stack')
    await mkdir(tarballs)
    await mkdir(join(root, 'data/inner'), { recursive: true })
    for (const directory of ['packages/core', 'packages/archive', 'examples/third-party-backend'])
      await must('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', tarballs], join(repository, directory))
    await writeFile(join(root, 'package.json'), '{ "name": "somebody", "private": true }')
    const files = (await readdir(tarballs)).map((name) => join(tarballs, name))
    await must('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...files], root)
    await writeFile(join(root, 'angee.yaml'), manifest('me'))
    await writeFile(join(root, 'data/file'), 'content\n'.repeat(100_000))
    await writeFile(join(root, 'data/inner/other'), 'more')
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  const manifest = (username: string): string =>
    JSON.stringify({
      persist: { app: { subpath: './data' } },
      backup: { plugins: [plugin] },
      backup_backend: {
        type: 'webdav',
        url: `${server.url}/backups`,
        username,
        password: `\${secret.WEBDAV_PASSWORD}`,
      },
    })

  it('brings a core of its own', async () => {
    expect(await readdir(join(root, 'node_modules/@angee'))).toEqual(expect.arrayContaining(['archive', 'core']))
  })

  it('takes, lists and verifies a snapshot, and restores it into a fresh stack', async () => {
    const before = await describeTree(join(root, 'data'))
    const taken = await run(root, 'stack', 'backup', '--name', 'wanted')
    expect(taken.code, taken.stderr).toBe(0)
    expect((await run(root, 'stack', 'backup', 'ls')).stdout).toContain('wanted')
    const verified = await run(root, 'stack', 'backup', 'verify', 'wanted', '--json')
    expect(JSON.parse(verified.stdout), verified.stderr).toMatchObject({ ok: true, level: 'full' })
    expect(await readdir(join(server.directory, 'backups/snapshots'))).toHaveLength(1)

    const fresh = join(scratch, 'fresh')
    await mkdir(join(fresh, 'data'), { recursive: true })
    await cp(join(root, 'angee.yaml'), join(fresh, 'angee.yaml'))
    await cp(join(root, 'node_modules'), join(fresh, 'node_modules'), { recursive: true, verbatimSymlinks: true })
    expect((await run(fresh, 'stack', 'backup', 'reindex')).code).toBe(0)
    const restored = await run(fresh, 'stack', 'restore', 'wanted', '--yes')
    expect(restored.code, restored.stderr).toBe(0)
    expect(await describeTree(join(fresh, 'data'))).toEqual(before)
  })

  it('says its own errors with code, hint and exit code', async () => {
    await writeFile(join(root, 'angee.yaml'), manifest('somebody'))
    const refused = await run(root, 'stack', 'backup', '--json')
    expect(refused.code).toBe(12)
    expect(JSON.parse(refused.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      code: 'CREDENTIAL_WRONG',
      message: expect.stringContaining(`${server.url}/backups`),
      hint: expect.stringContaining('username and password'),
    })
    await writeFile(join(root, 'angee.yaml'), manifest('me').replace('"url"', '"ulr"'))
    const misspelt = await run(root, 'stack', 'backup', '--json')
    expect(misspelt.code).toBe(2)
    expect(misspelt.stdout).toContain('BACKEND_OPTIONS_INVALID')
    await writeFile(join(root, 'angee.yaml'), manifest('me'))
  })

  it('keeps its promises, by the doctor', async () => {
    const result = await run(root, 'doctor', '--backend', '--json')
    expect(result.code, result.stdout + result.stderr).toBe(0)
    expect(result.stderr).toContain(`to ${server.url}/backups (under names with angee-doctor-`)
    const left = await readdir(join(server.directory, 'backups'))
    expect(left.sort()).toEqual(['incoming~', 'repository.json', 'snapshots'])
  })

  it('showed its password nowhere', async () => {
    expect(said.length).toBeGreaterThan(5)
    for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(password)
    const state = join(root, 'run')
    for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), 'utf8')).not.toContain(password)
    }
  })
})
