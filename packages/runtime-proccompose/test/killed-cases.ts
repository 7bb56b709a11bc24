import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Runtime } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { type CompiledStack, commandLines, compiledStack, killedDuring, local } from './compiled-stack.ts'
import { type ServerProgram, until } from './stack.ts'

/** What becomes of a stack when somebody is killed with SIGKILL, or hangs. */
export function killedCases(name: string, program: ServerProgram): void {
  const ctx = testContext()
  /** By it the one is known that has cleared its environment. */
  const bare = `1003.${Math.floor(Math.random() * 1e9)}`
  // One in a session of its own, whose parent has gone; one that has cleared its environment; one that ends slowly, and
  // could not if what it starts for that were asked to end as well. (Its shell would tell a dead server of the signals.)
  const services = [
    local('service', 'daemon', '(setsid sleep 1001 &); exec sleep 1002'),
    local('service', 'bare', `exec env -i /bin/sleep ${bare}`),
    local(
      'service',
      'slow',
      `exec 2> /dev/null; trap 'sleep 0.3; echo ended >> ended; exit' TERM; touch begun; while :; do sleep 0.1; done`,
      {
        dependsOn: [{ name: 'bare', condition: 'started' }],
      },
    ),
  ]
  const names = services.map((one) => one.name)

  describe(`when the server of ${name} is killed`, () => {
    it('its services are seen, can be asked and stopped', async () => {
      await using stack = await withDeadServer()
      const runtime = stack.open()
      expect(await states(runtime)).toEqual({ daemon: 'running', bare: 'running', slow: 'running' })
      const stdout = new PassThrough()
      const all = text(stdout)
      expect((await runtime.exec('slow', 'pwd', { stdout }, {}, ctx)).exitCode).toBe(0)
      stdout.end()
      expect(await all).toBe(`${stack.root}\n`)
      await runtime.stop(['slow'], ctx)
      expect(readFileSync(join(stack.root, 'ended'), 'utf8')).toBe('ended\n')
      expect(await states(runtime)).toEqual({ daemon: 'running', bare: 'running', slow: 'stopped' })
    })

    it('up ends what it left and starts everything anew', async () => {
      await using stack = await withDeadServer()
      const before = stack.remains()
      await stack.open().up(['bare'], stack.definition(services), ctx)
      expect(await states(stack.open())).toEqual({ daemon: 'stopped', bare: 'running', slow: 'stopped' })
      expect(stack.remains().filter((line) => before.includes(line))).toEqual([])
      expect(existsSync(join(stack.root, 'ended'))).toBe(true)
    })

    it('start does so as well', async () => {
      await using stack = await withDeadServer()
      await stack.open().start(['daemon'], ctx)
      expect(await states(stack.open())).toEqual({ daemon: 'running', bare: 'stopped', slow: 'stopped' })
    })

    it('down ends what it left, jobs included', async () => {
      await using stack = await withDeadServer()
      const job = local('job', 'job', '(setsid sleep 1004 &); echo begun; exec sleep 1005')
      await killedDuring({ job: 'job' }, stack.definition([...services, job]), program)
      expect(stack.remains().some((line) => line.includes('1005'))).toBe(true)
      await stack.open().down({ volumes: false }, ctx)
      expect(stack.remains()).toEqual([])
      expect(commandLines().filter((line) => line.includes(bare))).toEqual([])
      expect(readFileSync(join(stack.root, 'ended'), 'utf8')).toBe('ended\n')
    })
  })

  it(`down kills a server of ${name} that hangs, and ends what it ran`, async () => {
    await using stack = await broughtUp()
    process.kill(stack.server(), 'SIGSTOP')
    await stack.open().down({ volumes: false }, ctx)
    expect(stack.remains()).toEqual([])
    expect(commandLines().filter((line) => line.includes(bare))).toEqual([])
  })

  // How far it has come by then depends on the machine; each moment leaves something that the next up can go on from.
  it.each([0, 150, 300, 500, 800, 1200])(
    `angee killed %i ms into up: the next up under ${name} goes on from there, with one server`,
    async (milliseconds) => {
      await using stack = await compiledStack(program)
      const definition = stack.definition(services)
      await killedDuring({ up: names }, definition, program, milliseconds)
      await stack.open().prepare(definition, ctx)
      await stack.open().up(names, definition, ctx)
      await stack.open().waitHealthy(names, ctx)
      expect(stack.remains().filter((line) => line.includes('live.yaml'))).toHaveLength(1)
      expect(stack.remains().filter((line) => line.includes('sleep 1002'))).toHaveLength(1)
      await stack.open().down({ volumes: false }, ctx)
      expect(stack.remains()).toEqual([])
    },
  )

  it.each([200, 500, 900])(
    `angee killed %i ms into down: the next down under ${name} leaves nothing`,
    async (milliseconds) => {
      await using stack = await broughtUp()
      await killedDuring({ down: true }, stack.definition(services), program, milliseconds)
      await stack.open().down({ volumes: false }, ctx)
      expect(stack.remains()).toEqual([])
      expect(readFileSync(join(stack.root, 'ended'), 'utf8')).toBe('ended\n')
    },
  )

  async function broughtUp(): Promise<CompiledStack> {
    await using undone = new AsyncDisposableStack()
    const stack = undone.use(await compiledStack(program))
    const definition = stack.definition(services)
    const runtime = stack.open()
    await runtime.prepare(definition, ctx)
    await runtime.up(names, definition, ctx)
    await runtime.waitHealthy(names, ctx)
    await until(() => existsSync(join(stack.root, 'begun')))
    undone.move()
    return stack
  }

  async function withDeadServer(): Promise<CompiledStack> {
    const stack = await broughtUp()
    process.kill(stack.server(), 'SIGKILL')
    await until(() => !stack.remains().some((line) => line.includes('live.yaml')))
    return stack
  }

  async function states(runtime: Runtime): Promise<Record<string, string>> {
    return Object.fromEntries((await runtime.status(ctx)).map(({ service, state }) => [service, state]))
  }
}
