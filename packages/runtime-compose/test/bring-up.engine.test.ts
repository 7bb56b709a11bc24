import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadyCheck, Workload } from '@angee/core'
import { engineSuite, testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import { bringUp, byHand, of, sleeping } from './bring-up.ts'
import { job } from './definition.ts'
import { docker, emptyStack, removeProject } from './empty-stack.ts'
import { image } from './stack.ts'

const ctx = () => testContext()
const probe = { interval: 1_000, timeout: 5_000, retries: 2, startPeriod: 0 }

engineSuite('a stack on Docker Compose', ['docker', 'base-image'], () => {
  it('probes see when a service is ready, and when it will not be', async () => {
    await using at = await emptyStack()
    const serve = `printf 'HTTP/1.0 200 OK\\r\\n\\r\\n' >/tmp/answer
perl -MIO::Socket -e '$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while ($c = $s->accept) { $line = <$c>; print $c $line =~ m{ /good } ? "HTTP/1.0 200 OK\\r\\n\\r\\n" : "HTTP/1.0 500 No\\r\\n\\r\\n"; close $c }'`
    const checks: Record<string, ReadyCheck> = {
      'http-good': { http: { port: 8080, path: '/good' } },
      'http-bad': { http: { port: 8080, path: '/bad' } },
      'tcp-good': { tcp: { port: 8080 } },
      'tcp-bad': { tcp: { port: 8081 } },
      'cmd-good': { cmd: 'test "$HOME" = /root' },
      'cmd-bad': { cmd: ['test', '-e', '/no/such'] },
      'file-good': { file: '/tmp/answer' },
      'file-bad': { file: '/tmp/no $such' },
    }
    const services = Object.entries(checks).map(([name, check]) =>
      sleeping(name, { command: serve, ready: { ...check, ...probe } }),
    )
    const runtime = await at.open()
    const names = await bringUp(runtime, of(at, services))
    await runtime.waitHealthy(
      names.filter((name) => name.endsWith('good')),
      ctx(),
    )
    for (const name of names.filter((one) => one.endsWith('bad'))) {
      await expect(runtime.waitHealthy([name], ctx()), name).rejects.toMatchObject({ code: 'SERVICE_NOT_RUNNING' })
    }
  })

  it('docker compose by hand sees the same containers, finds secrets in .env, and leaves jobs alone', async () => {
    await using at = await emptyStack()
    const secrets = new Map([['password', { variable: 'PASSWORD', value: 'hush' }]])
    const env = { PASSWORD: [{ secret: 'password' }] }
    const definition = of(at, [sleeping('app', { env }), job('migrate', { image, env, command: ['true'] })], {
      secrets,
    })
    const runtime = await at.open()
    await bringUp(runtime, definition)
    const before = await at.instance('app')
    const root = at.definition.stackRoot
    await expect(byHand(root, 'ps', '--services')).rejects.toThrow(/PASSWORD.*is a secret/)
    await writeFile(join(root, '.env'), 'PASSWORD=hush\n')
    expect(await byHand(root, 'ps', '--services')).toBe('app\n')
    await byHand(root, 'up', '--detach')
    expect(await at.instance('app')).toBe(before)
    expect(await byHand(root, 'ps', '--all', '--services')).toBe('app\n')
    expect((await runtime.status(ctx())).map((one) => one.service)).toEqual(['app'])
  })

  it('up leaves alone what a person has started by docker compose up, dependencies or not', async () => {
    await using at = await emptyStack()
    const web = sleeping('web', { dependsOn: [{ name: 'db', condition: 'started' }] })
    const definition = of(at, [web, sleeping('db')])
    const runtime = await at.open()
    await runtime.prepare(definition, ctx())
    await byHand(at.definition.stackRoot, 'up', '--detach')
    const before = [await at.instance('web'), await at.instance('db')]
    await runtime.up(['db'], definition, ctx())
    await runtime.up(['web'], definition, ctx())
    await runtime.up(['web', 'db'], definition, ctx())
    expect([await at.instance('web'), await at.instance('db')]).toEqual(before)
    const changed = of(at, [{ ...web, env: { COLOUR: ['green'] } }, sleeping('db')])
    await bringUp(runtime, changed)
    expect(await at.instance('web')).not.toBe(before[0])
    expect(await at.instance('db')).toBe(before[1])
  })

  it('of a file by hand up brings up what a service depends on there', async () => {
    await using at = await emptyStack()
    await writeFile(
      join(at.definition.stackRoot, 'compose.yaml'),
      `name: ${at.definition.project}
x-base: &x { image: "${image}", command: sleep infinity, init: true }
services:
  web: { <<: *x, depends_on: { db: { condition: service_healthy } } }
  db: { <<: *x, healthcheck: { test: "true", interval: 1s } }
  other: { <<: *x }
`,
    )
    const runtime = await at.open()
    const definition = of(at, [])
    await runtime.prepare(definition, ctx())
    await runtime.up(['web'], definition, ctx())
    const states = Object.fromEntries((await runtime.status(ctx())).map(({ service, state }) => [service, state]))
    expect(states).toEqual({ web: 'running', db: 'running', other: 'absent' })
    const before = await at.instance('web')
    await byHand(at.definition.stackRoot, 'up', '--detach', 'web')
    await runtime.up(['web', 'db'], definition, ctx())
    expect(await at.instance('web')).toBe(before)
  })

  it('an image that cannot be pulled is named, also for a job', async () => {
    await using at = await emptyStack()
    const missing = '127.0.0.1:1/angee-test/no-such-image:1'
    const definition = of(at, [sleeping('app', { image: missing }), job('migrate', { image: missing })])
    const runtime = await at.open()
    const expected = {
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining(`app needs the image ${missing}`),
      hint: expect.stringContaining(`docker pull ${missing}`),
    }
    await expect(bringUp(runtime, definition)).rejects.toMatchObject(expected)
    await expect(runtime.runJob('migrate', definition, undefined, ctx())).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining(missing),
    })
  })

  it('a job that the engine cannot start is no job that ended with 1', async () => {
    await using at = await emptyStack()
    const definition = of(at, [job('broken', { image, command: ['/no/such/program'] })])
    const runtime = await at.open()
    await runtime.prepare(definition, ctx())
    await expect(runtime.runJob('broken', definition, undefined, ctx())).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining('/no/such/program'),
    })
    expect((await at.remains()).filter((line) => line.startsWith('container'))).toEqual([])
  })

  it('a missing directory, a taken port and a missing secret come with what to do', async () => {
    await using at = await emptyStack()
    const runtime = await at.open()
    const bind = { type: 'bind', source: '/no/such/directory', target: '/x', readOnly: false } as const
    await expect(bringUp(runtime, of(at, [sleeping('app', { mounts: [bind] })]))).rejects.toMatchObject({
      message: expect.stringContaining('/no/such/directory'),
      hint: expect.stringContaining('persist:'),
    })
    const port = { address: '127.0.0.1', host: 18_417, container: 80, protocol: 'tcp' } as const
    const both = ['one', 'two'].map((name) => sleeping(name, { ports: [port] }))
    await expect(bringUp(runtime, of(at, both))).rejects.toMatchObject({ hint: expect.stringContaining('ports:') })
    const secrets = new Map([['password', { variable: 'NOT_IN_ANY_ENV', value: 'hush' }]])
    const app = sleeping('app', { env: { PASSWORD: [{ secret: 'password' }] } })
    await runtime.prepare(of(at, [app], { secrets }), ctx())
    const other = await at.open()
    await expect(other.start(['app'], ctx())).rejects.toMatchObject({ hint: expect.stringContaining('angee stack up') })
  })

  it('what has a build is built, and built again when its context changes', async () => {
    await using at = await emptyStack()
    const context = join(at.definition.stackRoot, 'context')
    await mkdir(context)
    await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nENV BUILT=first\n`)
    const { image: _, ...app } = sleeping('app', { build: { context } })
    const definition = of(at, [app as Workload])
    const runtime = await at.open()
    try {
      await bringUp(runtime, definition)
      const before = await at.instance('app')
      await bringUp(runtime, definition)
      expect(await at.instance('app')).toBe(before)
      await writeFile(join(context, 'Dockerfile'), `FROM ${image}\nENV BUILT=second\n`)
      await bringUp(runtime, definition)
      expect(await at.instance('app')).not.toBe(before)
    } finally {
      await removeProject(at.definition.project)
      await docker('image', 'rm', '--force', `${at.definition.project}-app`)
    }
  })
})
