import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerSecret } from '@angee/core'
import { testContext } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isNewEnough } from '../src/engine/version.ts'
import compose from '../src/index.ts'
import { projectWords } from '../src/options.ts'
import { openCompose } from '../src/runtime.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'angee-engine-'))
  await mkdir(join(directory, 'bin'))
})
afterEach(() => rm(directory, { recursive: true }))

/** A program of that name on the runtime's PATH, written in shell. */
async function standIn(name: string, script: string): Promise<void> {
  const path = join(directory, 'bin', name)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
}

/** Whether a process lives; a zombie does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const open = (options = {}) =>
  openCompose({ options, stackRoot: directory, services: [] }, { PATH: join(directory, 'bin') })

describe('preflight', () => {
  it('gives the version', async () => {
    await standIn('docker', 'case "$*" in "compose version --short") echo v2.40.3 ;; *) echo 28.0 ;; esac')
    expect(await open().preflight(testContext())).toEqual({ engine: 'Docker Compose', version: '2.40.3' })
  })

  it('refuses an older Compose and names what it found', async () => {
    await standIn('docker', 'echo 2.25.0')
    await expect(open().preflight(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_TOO_OLD',
      message: expect.stringContaining('2.25.0'),
      hint: expect.stringContaining('2.26'),
    })
  })

  it('refuses Compose of the first generation by its version', async () => {
    await standIn('docker', `echo "docker: 'compose' is not a docker command." >&2; exit 1`)
    await standIn('docker-compose', 'echo 1.29.2')
    await expect(open().preflight(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_TOO_OLD',
      message: expect.stringContaining('1.29.2'),
    })
  })

  it('says that docker is not installed', async () => {
    await expect(open().preflight(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: expect.stringContaining('not installed'),
    })
  })

  it.each([
    ["docker: 'compose' is not a docker command.", /no compose plugin/],
    ['docker: unknown command: docker compose', /no compose plugin/],
    ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?', /not answer/],
    ['permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock', /may not/],
  ])('knows %s', async (words, message) => {
    await standIn('docker', `echo "${words}" >&2; exit 1`)
    await expect(open().preflight(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    })
  })

  it.each([
    ['2.26', true],
    ['v2.26.1-4', true],
    ['2.9.0', false],
    ['3.0.0', true],
    ['5.1.2-desktop.1', true],
    ['1.29.2', false],
    ['', false],
  ])('%s: %s', (version, enough) => {
    expect(isNewEnough(version)).toBe(enough)
  })
})

describe('a call', () => {
  it('carries the end of the engine’s words, without secrets', async () => {
    registerSecret('hunter2hunter2')
    await writeFile(join(directory, 'compose.yaml'), '')
    await standIn('docker', 'echo "services.db: bad value hunter2hunter2" >&2; exit 15')
    await expect(open().status(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringMatching(/ended with 15: services\.db: bad value \[redacted\]$/),
    })
  })

  it('tells the client where it is, by the name that the shell has for it', async () => {
    await writeFile(join(directory, 'compose.yaml'), '')
    // Not a shell: that corrects the variable itself.
    const print = 'const { PWD } = process.env; if (process.argv.includes("config")) console.log(PWD)'
    await writeFile(join(directory, 'bin', 'docker'), `#!${process.execPath}\n${print}`, { mode: 0o755 })
    const other = `${directory}-link`
    await symlink(directory, other)
    const seen = async (stackRoot: string, pwd: string) => {
      const own = { PATH: join(directory, 'bin'), PWD: pwd }
      const runtime = openCompose({ options: {}, stackRoot, services: [] }, own)
      return (await runtime.status(testContext())).map(({ service }) => service)
    }
    expect(await seen(directory, '/')).toEqual([directory])
    expect(await seen(directory, other)).toEqual([other])
    expect(await seen(directory, '/no/such/directory')).toEqual([directory])
    await rm(other)
  })

  it('never takes the project of a directory above', async () => {
    await standIn('docker', 'echo a-service-of-another-project')
    await expect(open().status(testContext())).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining(directory),
      hint: expect.stringContaining('compose.yaml'),
    })
  })

  it('may find its file by COMPOSE_FILE in .env', async () => {
    await writeFile(join(directory, '.env'), 'COMPOSE_FILE=other/stack.yaml\n')
    await standIn('docker', 'case "$*" in *config*) echo app ;; esac')
    expect((await open().status(testContext())).map(({ service }) => service)).toEqual(['app'])
  })

  it('ends the client and what it started when the signal aborts', async () => {
    const reason = new Error('enough')
    const stopping = new AbortController()
    await standIn('docker', 'PATH=/usr/bin:/bin; sleep 1000 & echo $! >child; mv child "child-$$"; wait')
    const call = open({ file: 'x.yaml' }).stop(['app'], testContext({ signal: stopping.signal }))
    const settled = expect(call).rejects.toBe(reason)
    const child = await vi.waitUntil(async () => {
      const name = (await readdir(directory)).find((entry) => entry.startsWith('child-'))
      return name && Number(await readFile(join(directory, name), 'utf8'))
    })
    stopping.abort(reason)
    await settled
    await vi.waitUntil(() => !isAlive(child))
  })
})

describe('options', () => {
  it('stand for flags of docker compose', () => {
    const options = compose.options.parse({ file: ['a.yaml', 'b.yaml'], project_name: 'p', env_file: '.vars' })
    const files = ['--file', 'a.yaml', '--file', 'b.yaml']
    const words = ['compose', '--ansi=never', ...files, '--project-name', 'p', '--env-file', '.vars']
    expect(projectWords(options)).toEqual(words)
    expect(projectWords({})).toEqual(['compose', '--ansi=never'])
  })

  it('refuses a key it does not know', () => {
    expect(compose.options.safeParse({ files: 'a.yaml' }).success).toBe(false)
  })
})
