import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { isAngeeError, type ReadyCheck, type ReadyProbe, type Runtime } from '@angee/core'
import { makeInheritable } from '@angee/core/posix'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { liveChange } from '../src/bring-up/live.ts'
import { homeOf } from '../src/home.ts'
import { type CompiledStack, compiledStack, local } from './compiled-stack.ts'
import { type ServerProgram, until } from './stack.ts'

/** What this runtime promises of a stack that it brings up itself, for the real program and for the stand-in. */
export function broughtUpCases(name: string, program: ServerProgram): void {
  const ctx = testContext()
  const failureOf = (call: Promise<unknown>) => call.then(undefined, (error: unknown) => error)
  const app = local('service', 'app', 'exec sleep 1000')

  describe(`a stack brought up under ${name}`, () => {
    it('has one server, however many bring it up at once', async () => {
      await using stack = await compiledStack(program)
      const names = ['a', 'b', 'c', 'd']
      const definition = stack.definition(names.map((one) => local('service', one, 'exec sleep 1000')))
      await stack.open().prepare(definition, ctx)
      await Promise.all(names.map((one) => stack.open().up([one, 'a'], definition, ctx)))
      await stack.open().waitHealthy(names, ctx)
      const servers = stack.remains().filter((line) => line.includes('live.yaml'))
      expect(servers.map((line) => Number.parseInt(line, 10))).toEqual([stack.server()])
      expect(stack.remains().filter((line) => line.includes('sleep'))).toHaveLength(4)
    })

    it('sees nothing of the process-compose that we may run under, nor of our open files', async () => {
      await using stack = await compiledStack(program)
      const { closeSync, openSync } = await import('node:fs')
      const descriptor = openSync(join(stack.root, 'lock'), 'w')
      try {
        makeInheritable(descriptor)
        const outer = { PC_PORT_NUM: '1', PC_SOCKET_PATH: '/outer.sock', PC_DISABLED_PROCESSES: 'app', OURS: 'yes' }
        // Where the secrets of a stack lie, for example.
        await writeFile(join(stack.root, '.env'), 'DOT_ENV=seen\n')
        await bringUp(stack, stack.open(outer), [app])
      } finally {
        closeSync(descriptor)
      }
      const seen = await outputOf(stack.open(), 'app', 'env')
      expect(seen).toContain('OURS=yes\n')
      expect(seen).not.toMatch(/PC_PORT_NUM|PC_SOCKET_PATH|PC_DISABLED|DOT_ENV/)
      for (const pid of [stack.server(), await stack.pidOf('app')]) {
        const open = readdirSync(`/proc/${pid}/fd`).map((one) => readlinkSync(`/proc/${pid}/fd/${one}`))
        expect(open).not.toContain(join(stack.root, 'lock'))
      }
    })

    it('may lie deeper than a socket can', async () => {
      await using undone = new AsyncDisposableStack()
      const top = await mkdtemp(join(tmpdir(), 'angee-deep-'))
      undone.defer(() => rm(top, { recursive: true }))
      const deep = join(top, 'a-path-as-long-as-they-get/'.repeat(6))
      await mkdir(deep, { recursive: true })
      await using stack = await compiledStack(program, deep)
      await bringUp(stack, stack.open(), [app])
      const directory = JSON.parse(readFileSync(homeOf(stack.root).record, 'utf8')).madeFor
      expect(existsSync(directory)).toBe(true)
      expect(await stateOf(stack.open(), 'app')).toBe('running')
      await stack.open().down({ volumes: false }, ctx)
      expect(existsSync(directory)).toBe(false)
      expect(stack.remains()).toEqual([])
    })

    it('takes everything down, each service before those it depends on', async () => {
      await using stack = await compiledStack(program)
      const log = join(stack.root, 'log')
      const slow = (one: string) =>
        `trap 'sleep 0.3; echo ${one} >> ${log}; exit' TERM; touch ${log}.${one}; while :; do sleep 0.1; done`
      const after = (other: string) => ({ dependsOn: [{ name: other, condition: 'started' as const }] })
      const services = [
        local('service', 'web', slow('web'), after('app')),
        local('service', 'db', slow('db')),
        local('service', 'app', slow('app'), after('db')),
      ]
      await bringUp(stack, stack.open(), services)
      await until(() => ['db', 'app', 'web'].every((one) => existsSync(`${log}.${one}`)))
      await stack.open().down({ volumes: false }, ctx)
      expect(readFileSync(log, 'utf8')).toBe('web\napp\ndb\n')
      expect(stack.remains()).toEqual([])
      const home = homeOf(stack.root)
      expect(readdirSync(home.directory)).toEqual(['lock'])
      expect(existsSync(home.socket)).toBe(false)
    })

    it('leaves a service alone whose probe fails, and says that it is not healthy', async () => {
      await using stack = await compiledStack(program)
      const ready: ReadyProbe = { cmd: 'exit 1', interval: 1000, timeout: 1000, retries: 1, startPeriod: 1000 }
      const definition = stack.definition([{ ...app, ready }])
      const runtime = stack.open()
      await runtime.prepare(definition, ctx)
      await runtime.up(['app'], definition, ctx)
      const failure = await failureOf(runtime.waitHealthy(['app'], ctx))
      expect(isAngeeError(failure, 'SERVICE_NOT_RUNNING') && failure.message).toMatch(/not healthy after 3 s/)
      expect(await stateOf(runtime, 'app')).toBe('running')
    })

    it('knows a service as ready by every kind of check', async () => {
      await using stack = await compiledStack(program)
      const server = createServer((_, response) => response.end('alive'))
      await new Promise<void>((done) => void server.listen(0, 'localhost', done))
      const { port } = server.address() as AddressInfo
      const checks: Record<string, ReadyCheck> = {
        http: { http: { port, path: '/live' } },
        tcp: { tcp: { port } },
        cmd: { cmd: ['sh', '-c', `test "$PASSWORD" = "it's {{ \\$hush"`] },
        file: { file: 'ready file' },
      }
      const env = { PASSWORD: [{ secret: 'password' }] }
      const services = Object.entries(checks).map(([one, check]) =>
        local('service', one, 'sleep 0.5; echo ready > "ready file"; exec sleep 1000', {
          env,
          workdir: stack.root,
          ready: { interval: 1000, timeout: 2000, retries: 30, startPeriod: 0, ...check },
        }),
      )
      await bringUp(stack, stack.open(), services, { password: "it's {{ $hush" })
      for (const { health } of await stack.open().status(ctx)) expect(health).toBe('healthy')
      await new Promise((done) => server.close(done))
    })

    it('starts a service again that has ended, as its manifest says', async () => {
      await using stack = await compiledStack(program)
      const counts = (file: string) => `echo x >> ${file}; sleep 0.2; exit 1`
      await bringUpLoosely(stack, [
        local('service', 'always', counts('always'), { restart: 'always' }),
        local('service', 'never', counts('never')),
      ])
      const lines = (file: string) => readFileSync(join(stack.root, file), 'utf8').split('\n').length - 1
      await until(() => existsSync(join(stack.root, 'always')) && lines('always') >= 3)
      expect(lines('never')).toBe(1)
      await stack.open().stop(['always'], ctx)
      expect(await stateOf(stack.open(), 'always')).toBe('stopped')
    })

    it('gives variables with names of their own kind, and what they hold, as they are', async () => {
      await using stack = await compiledStack(program)
      const env = { 'discovery.type': ['single node'], 'a-b': ['$x {'], PLAIN: ['\\\\ \\/ {{.}} $$'] }
      await bringUp(stack, stack.open(), [local('service', 'app', ['sleep', '1000'], { env })])
      const words = readFileSync(`/proc/${await stack.pidOf('app')}/environ`, 'utf8').split('\0')
      for (const [one, [value]] of Object.entries(env)) expect(words).toContain(`${one}=${value}`)
    })

    it('says why a service cannot start', async () => {
      await using stack = await compiledStack(program)
      const definition = stack.definition([{ ...app, workdir: '/no/such/directory' }])
      await stack.open().prepare(definition, ctx)
      const failure = await failureOf(stack.open().up(['app'], definition, ctx))
      expect(isAngeeError(failure, 'RUNTIME_FAILED') && failure.message).toMatch(/did not start app/)
    })

    it('runs hooks with the secrets of a stopped service, and starts one that no server has met', async () => {
      await using stack = await compiledStack(program)
      const secret = { ...app, env: { PASSWORD: [{ secret: 'password' }] } }
      const definition = stack.definition([secret, local('service', 'late', 'exec sleep 1000')], { password: 'hush' })
      const runtime = stack.open()
      await runtime.prepare(definition, ctx)
      expect(await outputOf(runtime, 'app', 'echo $PASSWORD')).toBe('hush\n')
      await runtime.start(['app'], ctx)
      await runtime.stop(['app'], ctx)
      expect(await outputOf(runtime, 'app', 'echo $PASSWORD')).toBe('hush\n')
      await runtime.prepare(
        stack.definition([secret, local('service', 'new', 'exec sleep 1000')], { password: 'hush' }),
        ctx,
      )
      expect(await stateOf(runtime, 'new')).toBe('absent')
      await runtime.start(['new'], ctx)
      expect(await stateOf(runtime, 'new')).toBe('running')
    })

    it('reads a change again that the server was never told of', async () => {
      await using stack = await compiledStack(program)
      await bringUp(stack, stack.open(), [app])
      const before = await stack.pidOf('app')
      const changed = stack.definition([{ ...app, env: { COLOUR: ['green'] } }])
      const { file } = await stack.open().prepare(changed, ctx)
      // As after a SIGKILL between the two steps.
      const home = homeOf(stack.root)
      const live = readFileSync(home.live, 'utf8')
      const change = await liveChange(readFileSync(file, 'utf8'), live, ['app'], home)
      await writeFile(home.reloadOwed, '')
      await writeFile(home.live, change?.text ?? '')
      await stack.open().up(['app'], changed, ctx)
      expect(await stack.pidOf('app')).not.toBe(before)
      expect(await outputOf(stack.open(), 'app', 'echo $COLOUR')).toBe('green\n')
      expect(existsSync(home.reloadOwed)).toBe(false)
    })
  })

  describe(`a file that a person wrote, under ${name}`, () => {
    const byHand = (stack: CompiledStack, file: string) => writeFile(join(stack.root, 'process-compose.yaml'), file)

    it('is brought up with what its processes depend on, and nothing else of it', async () => {
      await using stack = await compiledStack(program)
      await byHand(
        stack,
        `processes:
  app: { command: 'test -e seeded && exec sleep 1000', depends_on: { seed: { condition: process_completed_successfully } } }
  seed: { command: 'echo x >> seeded' }
  tool: { command: sleep 1000, disabled: true }
  many: { command: sleep 1000, replicas: 2 }
  other: { command: sleep 1000 }
`,
      )
      const runtime = stack.open()
      const definition = stack.definition([])
      expect((await runtime.prepare(definition, ctx)).outcome).toBe('by-hand')
      for (let round = 0; round < 2; round += 1) await runtime.up(['app', 'tool', 'many'], definition, ctx)
      await runtime.waitHealthy(['app'], ctx)
      const states = Object.fromEntries((await runtime.status(ctx)).map(({ service, state }) => [service, state]))
      expect(states).toMatchObject({ app: 'running', tool: 'stopped', other: 'stopped' })
      expect(states).toMatchObject({ 'many-0': 'running', 'many-1': 'running' })
      expect(readFileSync(join(stack.root, 'seeded'), 'utf8')).toBe('x\n')
    })

    it('is read again when it has changed', async () => {
      await using stack = await compiledStack(program)
      const definition = stack.definition([])
      const file = (colour: string) =>
        `processes: { app: { command: sleep 1000, environment: ['COLOUR=${colour}'] } }\n`
      await byHand(stack, file('red'))
      await stack.open().up(['app'], definition, ctx)
      const before = await stack.pidOf('app')
      await stack.open().up(['app'], definition, ctx)
      expect(await stack.pidOf('app')).toBe(before)
      await byHand(stack, file('green'))
      await stack.open().up(['app'], definition, ctx)
      expect(await outputOf(stack.open(), 'app', 'echo $COLOUR')).toBe('green\n')
    })

    it('that cannot be read fails with the words of process-compose', async () => {
      await using stack = await compiledStack(program)
      await byHand(stack, 'processes: { app: { command: sleep 1000, depends_on: { nobody: {} } } }\n')
      const failure = await failureOf(stack.open().up(['app'], stack.definition([]), ctx))
      expect(isAngeeError(failure, 'RUNTIME_FAILED') && failure.message).toContain('nobody')
    })
  })

  async function bringUp(
    stack: CompiledStack,
    runtime: Runtime,
    services: Parameters<CompiledStack['definition']>[0],
    secrets: Record<string, string> = {},
  ): Promise<void> {
    const definition = stack.definition(services, secrets)
    const names = services.map((one) => one.name)
    await runtime.prepare(definition, ctx)
    await runtime.up(names, definition, ctx)
    await runtime.waitHealthy(names, ctx)
  }

  async function bringUpLoosely(stack: CompiledStack, services: Parameters<CompiledStack['definition']>[0]) {
    const definition = stack.definition(services)
    await stack.open().prepare(definition, ctx)
    await stack.open().up(
      services.map((one) => one.name),
      definition,
      ctx,
    )
  }

  async function stateOf(runtime: Runtime, service: string) {
    return (await runtime.status(ctx)).find((status) => status.service === service)?.state
  }

  async function outputOf(runtime: Runtime, service: string, script: string): Promise<string> {
    const stdout = new PassThrough()
    const all = text(stdout)
    const { exitCode } = await runtime.exec(service, script, { stdout }, {}, ctx)
    stdout.end()
    expect(exitCode).toBe(0)
    return all
  }
}
