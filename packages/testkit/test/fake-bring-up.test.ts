import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { StackDefinition, Workload } from '@angee/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emits, exits, fakeFile, fakeRuntime, fakeWorld, hangs, readAll, testContext } from '../src/index.ts'

let stackRoot: string
beforeEach(async () => {
  stackRoot = await mkdtemp(join(tmpdir(), 'angee-fake-'))
})
afterEach(() => rm(stackRoot, { recursive: true }))

const workload = (name: string, more: Partial<Workload> = {}): Workload => ({
  name,
  kind: 'service',
  runtime: 'container',
  env: {},
  ports: [],
  mounts: [],
  dependsOn: [],
  engine: {},
  ...more,
})

const probe = { tcp: { port: 1 }, interval: 1, timeout: 1, retries: 1, startPeriod: 1 }
const db = workload('db', { ready: probe, env: { PASSWORD: ['p-', { secret: 'password' }] } })
const migrate = workload('migrate', { kind: 'job', dependsOn: [{ name: 'db', condition: 'healthy' }] })
const web = workload('web', { runtime: 'local', dependsOn: [{ name: 'migrate', condition: 'completed' }] })

const definition = (more: Partial<StackDefinition> = {}): StackDefinition => ({
  name: 'shop',
  project: 'shop-1',
  stackRoot,
  services: [db, web],
  jobs: [migrate],
  volumes: {},
  secrets: new Map([['password', { variable: 'ANGEE_SECRET_PASSWORD', value: 'hush' }]]),
  ...more,
})

describe('a stack on fake runtimes', () => {
  it('is brought up in order across them', async () => {
    const world = fakeWorld()
    const containers = fakeRuntime({ world, type: 'boxes' })
    const local = fakeRuntime({ world, type: 'processes', serves: 'local' })
    expect(await containers.prepare(definition(), testContext())).toMatchObject({ outcome: 'written' })
    await local.prepare(definition(), testContext())
    await containers.up(['db'], definition(), testContext())
    await containers.waitHealthy(['db'], testContext())
    await containers.runJob('migrate', definition(), undefined, testContext())
    await local.up(['web'], definition(), testContext())
    expect([containers.state('db'), local.state('web'), world.early]).toEqual(['running', 'running', []])
    expect(world.calls.map(({ call, service }) => `${call} ${service ?? ''}`.trim())).toEqual([
      'prepare',
      'prepare',
      'up db',
      'waitHealthy db',
      'runJob migrate',
      'up web',
    ])
  })

  it('notes what comes before what it depends on', async () => {
    const world = fakeWorld()
    const containers = fakeRuntime({ world, jobs: { migrate: exits(3, 'no such table\n') } })
    const local = fakeRuntime({ world, serves: 'local', type: 'processes' })
    const output = new PassThrough()
    await containers.up(['db'], definition(), testContext())
    const result = await containers.runJob('migrate', definition(), output, testContext())
    await local.up(['web'], definition(), testContext())
    expect(world.early).toEqual(['migrate before db was healthy', 'web before migrate was completed'])
    expect(result).toEqual({ exitCode: 3, signal: null, stderrTail: 'no such table\n' })
    output.end()
    expect((await readAll(output)).toString()).toBe('no such table\n')
  })

  it('keeps secrets out of its file and gives them to what runs', async () => {
    const seen: unknown[] = []
    const runtime = fakeRuntime({
      services: { db: { state: 'absent', commands: { env: ({ env }) => Number(seen.push(env['PASSWORD'])) && 0 } } },
    })
    const { file } = await runtime.prepare(definition(), testContext())
    expect(await readFile(file, 'utf8')).not.toContain('hush')
    await runtime.up(['db'], definition(), testContext())
    await runtime.exec('db', 'env', {}, {}, testContext())
    expect(seen).toEqual(['p-hush'])
  })

  it('uses a file that was written by hand and leaves it alone', async () => {
    const text = '{ "services": ["mine"], "jobs": ["seed"] }'
    await writeFile(fakeFile(stackRoot, 'fake'), text)
    const runtime = fakeRuntime({ jobs: { seed: emits(Buffer.from('seeded')) } })
    expect(await runtime.prepare(definition(), testContext())).toEqual({
      file: fakeFile(stackRoot, 'fake'),
      outcome: 'by-hand',
    })
    expect(await readFile(fakeFile(stackRoot, 'fake'), 'utf8')).toBe(text)
    expect((await runtime.status(testContext())).map(({ service }) => service)).toEqual(['mine'])
    await runtime.up(['mine'], definition(), testContext())
    expect((await runtime.runJob('seed', definition(), undefined, testContext())).exitCode).toBe(0)
    await expect(runtime.up(['db'], definition(), testContext())).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
  })

  it('fails where it is told to, and holds a call up until it is cancelled', async () => {
    const stopping = new AbortController()
    const runtime = fakeRuntime({
      fault: ({ call }) => {
        if (call === 'up') throw new Error('no room')
        if (call === 'waitHealthy') return new Promise(() => undefined)
      },
      jobs: { migrate: hangs() },
      services: { db: {} },
    })
    await expect(runtime.up(['db'], definition(), testContext())).rejects.toThrow('no room')
    const waiting = runtime.waitHealthy(['db'], testContext({ signal: stopping.signal }))
    const job = runtime.runJob('migrate', definition(), undefined, testContext({ signal: stopping.signal }))
    const settled = Promise.all([waiting, job].map((call) => expect(call).rejects.toThrow('enough')))
    stopping.abort(new Error('enough'))
    await settled
    expect(runtime.running()).toEqual([])
  })
})
