import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isAngeeError, type ReadyProbe, type Workload } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compileStack } from '../src/compile/compile.ts'
import { compiledText, isCompiled, marker } from '../src/compile/document.ts'
import { exportLines, quoted, readExportLines } from '../src/compile/shell.ts'
import { expand } from '../src/definition/expand.ts'
import { definitionOf, local } from './compiled-stack.ts'
import { everyCharacter, nastyTexts } from './texts.ts'

const root = '/stack'

function compiled(services: Workload[], secrets: Record<string, string> = {}) {
  const { text, environments } = compileStack(definitionOf(root, services, secrets))
  return { text, environments, processes: parse(text).processes }
}

function refusal(workload: Workload, secrets: Record<string, string> = {}): string {
  try {
    compiled([workload], secrets)
  } catch (error) {
    if (isAngeeError(error, 'MANIFEST_INVALID')) return `${error.message} ${error.hint}`
  }
  return 'was not refused'
}

describe('the text of the compiled file', () => {
  it.each(nastyTexts)('means the same before and after process-compose has substituted in it: %j', (nasty) => {
    const value = { [nasty]: [nasty, { key: nasty }], plain: 'x' }
    const text = compiledText(value)
    expect(parse(text)).toEqual(value)
    expect(expand(text, { HOME: 'wrong', X: 'wrong' })).toBe(text)
    expect(text).not.toMatch(/\$|\\\\|\\\//)
  })

  it('carries every character there is', () => {
    const text = compiledText({ everyCharacter })
    expect(parse(text)).toEqual({ everyCharacter })
    expect(expand(text, {})).toBe(text)
  })

  it('begins with the words that tell it from one a person wrote', () => {
    expect(compiled([local('service', 'app', 'run')]).text.split('\n')[0]).toBe(marker)
    expect(isCompiled('processes: {}\n')).toBe(false)
  })

  it('is the same for the same definition', () => {
    const app = local('service', 'app', 'run', { env: { B: ['1'], A: ['2'] } })
    expect(compiled([app]).text).toBe(compiled([structuredClone(app)]).text)
  })
})

describe('words of a shell', () => {
  it.each(['/bin/sh', 'bash'])('mean in %s what they were made of', (shell) => {
    for (const text of [...nastyTexts, ...everyCharacter]) {
      const { stdout } = spawnSync(shell, ['-c', `printf %s. ${quoted(text)}`])
      expect(stdout.toString().slice(0, -1)).toBe(text)
      expect(quoted(text)).not.toContain('{{')
    }
  })

  it.each(['/bin/sh', 'bash'])('carry variables into the environment of %s and back', (shell) => {
    const names = [...nastyTexts, ...everyCharacter].map((text, at) => [`V${at}`, text] as const)
    const lines = exportLines(Object.fromEntries(names))
    expect(readExportLines(lines)).toEqual(Object.fromEntries(names))
    const file = join(mkdtempSync(join(tmpdir(), 'angee-pc-')), 'env')
    writeFileSync(file, lines)
    const { stdout } = spawnSync(shell, ['-c', '. "$0" && exec env -0', file], { env: {}, maxBuffer: 1 << 24 })
    rmSync(dirname(file), { recursive: true })
    const environment = Object.fromEntries(
      stdout
        .toString()
        .split('\0')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    )
    for (const [name, text] of names) expect(environment[name]).toBe(text)
  })
})

describe('a service', () => {
  it('says all that its workload says', () => {
    const app = local('service', 'app', ['serve', '--port', '80 80'], {
      env: { PLAIN: ['a', 'b'], 'odd.name': ['x'] },
      workdir: '/work/dir',
      restart: 'unless-stopped',
      dependsOn: [
        { name: 'db', condition: 'healthy' },
        { name: 'plain', condition: 'healthy' },
        { name: 'elsewhere', condition: 'started' },
        { name: 'migrate', condition: 'completed' },
      ],
      engine: { shutdown: { timeout_seconds: 5 }, namespace: 'mine' },
    })
    const ready: ReadyProbe = { tcp: { port: 5432 }, interval: 1500, timeout: 100, retries: 3, startPeriod: 4000 }
    const { processes } = compiled([app, local('service', 'db', 'db', { ready }), local('service', 'plain', 'x')])
    expect(processes.app).toMatchObject({
      disabled: true,
      is_dotenv_disabled: true,
      working_dir: '/work/dir',
      environment: ['PLAIN=ab', 'odd.name=x'],
      availability: { restart: 'always' },
      depends_on: { db: { condition: 'process_healthy' }, plain: { condition: 'process_started' } },
      shutdown: { timeout_seconds: 5 },
      namespace: 'mine',
      log_location: '/stack/run/logs/app.log',
    })
    expect(Object.keys(processes.app.depends_on)).toEqual(['db', 'plain'])
    expect(processes.app.entrypoint.slice(-6)).toEqual([
      '/stack/run/process-compose/services/app',
      '/usr/bin/env',
      'odd.name=x',
      'serve',
      '--port',
      '80 80',
    ])
    expect(processes.db.entrypoint.slice(-3)).toEqual(['/bin/sh', '-c', 'db'])
    expect(processes.db).toMatchObject({
      working_dir: root,
      availability: { restart: 'no' },
      shutdown: { timeout_seconds: 60 },
      readiness_probe: { period_seconds: 2, timeout_seconds: 1 },
      'x-angee': { ready_within: 4 + 3 * 3 },
    })
  })

  it('keeps secrets, and what process-compose would change, out of the file', () => {
    const env = { URL: ['db://', { secret: 'password' }, '@host'], TEMPLATE: ['{{.X}}'], PLAIN: ['1'] }
    const { text, processes, environments } = compiled([local('service', 'app', 'run', { env })], {
      password: 'canary$',
    })
    expect(text).not.toContain('canary')
    expect(processes.app.environment).toEqual(['PLAIN=1'])
    expect(readExportLines(environments.get('app') ?? '')).toEqual({ URL: 'db://canary$@host', TEMPLATE: '{{.X}}' })
    expect(processes.app['x-angee']).toEqual({ takes_in: true })
  })

  it.each<[ReadyProbe extends infer P ? Partial<P> : never, object]>([
    [
      { http: { port: 80, path: '/live?x=1' } },
      { http_get: { host: 'localhost', scheme: 'http', port: 80, path: '/live?x=1' } },
    ],
    [{ cmd: 'pg $X' }, { exec: { command: `exec '/bin/sh' '-c' 'pg $X'` } }],
    [{ cmd: ['pg', "it's {{"] }, { exec: { command: `exec 'pg' 'it'\\''s {''{'` } }],
    [{ file: '/a b' }, { exec: { command: `test -s '/a b'` } }],
  ])('becomes ready by %j', (check, declared) => {
    const ready = { interval: 1000, timeout: 1000, retries: 1, startPeriod: 0, ...check } as ReadyProbe
    const { processes } = compiled([local('service', 'app', 'run', { ready })])
    expect(processes.app.readiness_probe).toMatchObject(declared)
    // One that is reached ends the service.
    expect(processes.app.readiness_probe.failure_threshold).toBeGreaterThan(1e8)
  })

  it('gives its probe the secrets it has itself', () => {
    const ready: ReadyProbe = { cmd: ['ping'], interval: 1000, timeout: 1000, retries: 1, startPeriod: 0 }
    const app = local('service', 'app', 'run', { ready, env: { P: [{ secret: 'p' }] } })
    const { command } = compiled([app], { p: 'x' }).processes.app.readiness_probe.exec
    expect(command).toBe(`. '/stack/run/process-compose/services/app.env' && exec 'ping'`)
  })

  it.each<[string, Partial<Workload>, RegExp]>([
    ['no command', { command: [] }, /services\.app .*no command/],
    ['an image', { image: 'x' }, /an image/],
    ['a volume', { mounts: [{ type: 'volume', source: 'v', target: '/v', readOnly: false }] }, /mount of v at \/v/],
    ['a moved path', { mounts: [{ type: 'bind', source: '/a', target: '/b', readOnly: false }] }, /only containers/],
    ['a user', { user: 'postgres' }, /user postgres/],
    ['a key that angee makes', { engine: { entrypoint: ['x'] } }, /the key entrypoint/],
    ['a template for a directory', { workdir: '/{{x' }, /\{\{/],
    ['a secret that is not there', { env: { A: [{ secret: 'none' }] } }, /no secret none.*There are: p/],
    ['a secret under a name no shell has', { env: { 'a.b': [{ secret: 'p' }] } }, /env\.a\.b holds a secret/],
    ['a name with =', { env: { 'a=b': ['x'] } }, /no system can hold/],
    ['a NUL', { env: { A: ['x\0'] } }, /no system can hold/],
  ])('is refused with %s', (_, more, words) => {
    expect(refusal(local('service', 'app', 'run', more), { p: 'x' })).toMatch(words)
  })

  it('may mount a path where it is', () => {
    const mounts = [{ type: 'bind' as const, source: '/a', target: '/a', readOnly: false }]
    expect(compiled([local('service', 'app', 'run', { mounts })]).processes.app).toBeDefined()
  })
})

it('jobs and what other runtimes serve stand not in the file, and local jobs are checked', () => {
  const elsewhere = { ...local('service', 'web', 'run'), runtime: 'container' as const, image: 'x' }
  const { processes } = compiled([local('service', 'app', 'run'), elsewhere, local('job', 'migrate', 'go')])
  expect(Object.keys(processes)).toEqual(['app'])
  expect(refusal(local('job', 'migrate', 'go', { image: 'x' }))).toMatch(/jobs\.migrate/)
})
