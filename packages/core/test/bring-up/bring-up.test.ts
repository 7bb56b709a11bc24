import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exits, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { bringUpStack, takeDownStack } from '../../src/index.ts'
import { fakeStack, openFakeStack } from '../support/runtimes.ts'

const effects = { openStack: openFakeStack, environment: {} }

describe('bringing a stack up', () => {
  it('follows depends_on across runtimes, each thing once, and waits for health where it is asked for', async () => {
    const { stack, container, steps } = await fakeStack(`
services:
  web: { runtime: local, command: [web], depends_on: [migrate, cache] }
  cache: { image: cache }
  db: { image: db, ready: { tcp: { port: 5432 } } }
jobs:
  migrate: { runtime: local, command: [migrate], depends_on: [db] }
  unused: { image: db, depends_on: [db] }
`)
    const result = await bringUpStack(stack, {}, effects, testContext())
    expect(steps()).toEqual([
      'up cache',
      'up db',
      'waitHealthy db',
      'runJob migrate',
      'up web',
      'waitHealthy web',
      'waitHealthy cache',
      'waitHealthy db',
    ])
    expect(container.early).toEqual([])
    expect(result.jobs).toEqual(['migrate'])
    expect(result.services.map(({ service, kind, state }) => [service, kind, state])).toEqual([
      ['web', 'local', 'running'],
      ['cache', 'container', 'running'],
      ['db', 'container', 'running'],
    ])
  })

  it('brings up only what is named, with what it depends on', async () => {
    const { stack, container } = await fakeStack(
      'services: { web: { image: w, depends_on: [db] }, db: { image: d }, other: { image: o } }',
    )
    await bringUpStack(stack, { services: ['web'] }, effects, testContext())
    expect(['web', 'db', 'other'].map((name) => container.state(name))).toEqual(['running', 'running', 'absent'])
    const unknown = bringUpStack(stack, { services: ['wed'] }, effects, testContext())
    await expect(unknown).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('Did you mean "web"?') })
  })

  it('stops at a service that does not get healthy, and says which', async () => {
    const { stack, container } = await fakeStack(
      'services: { web: { image: w, depends_on: [db] }, db: { image: d, ready: { cmd: check } } }',
      { services: { db: { health: 'unhealthy' } } },
    )
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(/db/)
    expect(container.state('web')).toBe('absent')
  })

  it('makes missing persist directories, and nothing in place of other missing mounts', async () => {
    const { stack, root } = await fakeStack(`
persist: { data: { subpath: ./data/files } }
services: { web: { image: w, mounts: ["persist://data/sub:/data", "./conf:/conf:ro"] } }
`)
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(/conf, which does not exist/)
    expect((await stat(join(root, 'data/files/sub'))).isDirectory()).toBe(true)
  })

  it('generates and imports secrets once, into a file that only its owner reads', async () => {
    const manifest = `
secrets: { db-password: { generated: true, length: 24 }, token: { import: MY_TOKEN }, odd: { required: true } }
services: { db: { image: d, env: { URL: "x:\${secret.db-password}@\${secret.token}" } } }
`
    const { stack, root } = await fakeStack(manifest, {}, { '.env': 'ODD=already\n# kept' })
    const environment = { MY_TOKEN: "it's 5" }
    await bringUpStack(stack, {}, { ...effects, environment }, testContext())
    const first = await readFile(join(root, '.env'), 'utf8')
    expect(first).toMatch(/^ODD=already\n# kept\nDB_PASSWORD=[\w-]{24}\nTOKEN="it's 5"\n$/)
    expect((await stat(join(root, '.env'))).mode & 0o777).toBe(0o600)
    await bringUpStack(await openFakeStack(root), {}, effects, testContext())
    expect(await readFile(join(root, '.env'), 'utf8')).toBe(first)
  })

  it('names every missing secret at once, and starts nothing', async () => {
    const { stack, steps } = await fakeStack(`
secrets: { a: { required: true }, b: { import: NOT_SET }, c: { generated: true } }
services: { db: { image: d } }
`)
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(/a, b \(from NOT_SET\)/)
    expect(steps()).toEqual([])
  })

  it.each([
    [
      'services: { a: { image: x, depends_on: [b] }, b: { image: x, depends_on: [a] } }',
      /circle: a -> b|circle: b -> a/,
    ],
    ['services: { a: { image: x, depends_on: [bb] }, b: { image: x } }', /depends on "bb"/],
    ['services: { a: { image: x } }\njobs: { a: { image: x } }', /service and a job/],
    ['services: { a: { image: x, mounts: ["persist://none:/x"] } }', /persist:\/\/none names no persist entry/],
    ['services: { a: { image: x, ports: ["80:x"] } }', /"80:x" is no port/],
    [
      'services: { a: { image: x, command: "run ${secret.p}" } }\nsecrets: { p: { generated: true } }',
      /holds a secret/,
    ],
    ['services: { a: { image: x, env: { X: "${ports.web}" } } }', /\$\{ports\.web\} has no value/],
    ['services: { a: { image: x, ready: { tcp: { port: 1 }, cmd: x } } }', /exactly one of http, tcp, cmd and file/],
    ['services: { a: { image: x, ready: { tpc: { port: 1 } } } }', /unknown key services\.a\.ready\.tpc/],
    ['jobs: { r: { restore: { snapshot: latest }, command: x } }', /restores a snapshot and runs something/],
    ['secrets_backend: { type: openbao }\nsecrets: { a: {} }\nservices: { a: { image: x } }', /"openbao" is not one/],
  ])('refuses %s', async (manifest, words) => {
    const { stack, steps } = await fakeStack(manifest)
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(words)
    expect(steps()).toEqual([])
  })

  it('asks no engine for a restore job', async () => {
    const { stack } = await fakeStack(
      'services: { a: { runtime: local, command: [a] } }\njobs: { restore: { restore: { snapshot: latest } } }',
    )
    expect(stack.runtimes.kinds).toEqual(['local'])
  })

  it('takes down what it brought up, and leaves files alone', async () => {
    const { stack, root, container } = await fakeStack('persist: { d: { subpath: d } }\nservices: { a: { image: x } }')
    await bringUpStack(stack, {}, effects, testContext())
    await writeFile(join(root, 'd/file'), 'here')
    await takeDownStack(stack, { volumes: false }, testContext())
    expect([container.state('a'), await readFile(join(root, 'd/file'), 'utf8')]).toEqual(['absent', 'here'])
  })

  it('gives a job that fails its name, its code and what it said', async () => {
    const { stack, container } = await fakeStack(
      'services: { a: { image: x, depends_on: [j] } }\njobs: { j: { image: x } }',
      {
        jobs: { j: exits(9, 'went wrong\n') },
      },
    )
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(
      /job j exited with 9[\s\S]*went wrong/,
    )
    expect(container.state('a')).toBe('absent')
  })
})
