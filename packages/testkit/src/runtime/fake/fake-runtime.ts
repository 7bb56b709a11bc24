import { AngeeError, type Context, type HookCommand, type Runtime, type ServiceStatus } from '@angee/core'
import type { FakeProgram } from './program.ts'
import { exits } from './programs.ts'
import { runProgram } from './run.ts'

/** What a service of a fake runtime is and does. */
export interface FakeService {
  /** `running` unless told. */
  state?: ServiceStatus['state']
  /** `none` unless told. After each start a declared check first says `starting`. */
  health?: 'healthy' | 'unhealthy' | 'none'
  /** Set: ends by itself with this exit code as soon as it was started. */
  endsWith?: number
  /** By the command's string, or a list's words joined with spaces; or a function of the command. */
  commands?: Readonly<Record<string, FakeProgram>> | ((command: HookCommand) => FakeProgram | undefined)
  env?: Readonly<Record<string, string>>
  user?: string
  workdir?: string
}

/** A call that changed or used a service, in the order they were made. */
export interface RuntimeCall {
  call: 'exec' | 'start' | 'stop' | 'pause' | 'resume' | 'waitHealthy'
  service: string
  command?: HookCommand
}

export interface FakeRuntimeOptions {
  /** The registered type it claims to be; `fake` unless told. */
  type?: string
  services: Readonly<Record<string, FakeService>>
  /** Called before each call takes effect; what it throws is what the call rejects with. */
  fault?: (call: RuntimeCall) => void | Promise<void>
}

/** A runtime without an engine: services are states, commands are functions. */
export interface FakeRuntime extends Runtime {
  readonly calls: readonly RuntimeCall[]
  /** The state of a service now. */
  state(service: string): ServiceStatus['state']
  /** What is being executed now. */
  running(): readonly { service: string; command: HookCommand }[]
}

/** Makes a fake runtime that keeps the Runtime contract; the contract suite runs against it. */
export function fakeRuntime({ type = 'fake', services, fault }: FakeRuntimeOptions): FakeRuntime {
  const states = new Map(Object.entries(services).map(([name, { state = 'running' }]) => [name, state]))
  const starting = new Set<string>()
  const calls: RuntimeCall[] = []
  const running = new Set<{ service: string; command: HookCommand }>()

  const enter = async (call: RuntimeCall, ctx: Context): Promise<FakeService> => {
    ctx.signal.throwIfAborted()
    const service = services[call.service]
    if (service === undefined) throw unavailable(call.service, 'is not defined', Object.keys(services))
    calls.push(call)
    await fault?.(call)
    return service
  }
  const each = async (call: RuntimeCall['call'], names: readonly string[], ctx: Context, then: Change) => {
    ctx.signal.throwIfAborted()
    for (const name of names) {
      const service = await enter({ call, service: name }, ctx)
      const next = then(states.get(name) ?? 'absent', service, name)
      states.set(name, next)
    }
  }

  return {
    type,
    calls,
    state: (service) => states.get(service) ?? 'absent',
    running: () => [...running],

    async preflight(ctx) {
      ctx.signal.throwIfAborted()
      return { engine: 'a fake', version: '1' }
    },

    async status(ctx) {
      ctx.signal.throwIfAborted()
      return Object.entries(services).map(([service, { health = 'none' }]) => {
        const state = states.get(service) ?? 'absent'
        const declared = starting.has(service) ? 'starting' : health
        const running = state === 'running'
        return { service, state, health: running ? declared : 'none', canExec: running, canStart: true }
      })
    },

    async exec(service, command, io, { user, env, workdir }, ctx) {
      const fake = await enter({ call: 'exec', service, command }, ctx)
      const state = states.get(service) ?? 'absent'
      if (state !== 'running') throw unavailable(service, `is ${state}`)
      const world = {
        command,
        env: { ...fake.env, ...env },
        user: user ?? fake.user ?? 'root',
        workdir: workdir ?? fake.workdir ?? '/',
      }
      const entry = { service, command }
      running.add(entry)
      try {
        return await runProgram(programOf(fake, command), world, io, ctx)
      } finally {
        running.delete(entry)
      }
    },

    start: (names, ctx) =>
      each('start', names, ctx, (state, { endsWith, health = 'none' }, name) => {
        if (state === 'running') return state
        if (health !== 'none') starting.add(name)
        return endsWith === undefined ? 'running' : 'stopped'
      }),

    stop: (names, ctx) => each('stop', names, ctx, (state) => (state === 'absent' ? state : 'stopped')),

    pause: (names, ctx) =>
      each('pause', names, ctx, (state, _fake, name) => {
        if (state === 'running' || state === 'paused') return 'paused'
        throw unavailable(name, `is ${state}`)
      }),

    resume: (names, ctx) => each('resume', names, ctx, (state) => (state === 'paused' ? 'running' : state)),

    async waitHealthy(names, ctx) {
      ctx.signal.throwIfAborted()
      for (const name of names) {
        const { health = 'none' } = await enter({ call: 'waitHealthy', service: name }, ctx)
        // One turn, as a real check takes its time: a caller that cancels meanwhile is obeyed.
        await new Promise((resolve) => setImmediate(resolve))
        ctx.signal.throwIfAborted()
        const state = states.get(name) ?? 'absent'
        if (state !== 'running') throw unavailable(name, `is ${state}`)
        if (health === 'unhealthy') throw unavailable(name, 'is unhealthy')
        starting.delete(name)
      }
    },

    [Symbol.asyncDispose]: async () => undefined,
  }
}

type Change = (state: ServiceStatus['state'], service: FakeService, name: string) => ServiceStatus['state']

function programOf({ commands = {} }: FakeService, command: HookCommand): FakeProgram {
  if (typeof commands === 'function') return commands(command) ?? exits(127, 'not found\n')
  const written = typeof command === 'string' ? command : command.join(' ')
  return commands[written] ?? exits(127, `${written}: not found\n`)
}

function unavailable(service: string, problem: string, known?: readonly string[]): AngeeError {
  const hint = known === undefined ? `Start ${service}.` : `Known services: ${known.join(', ')}.`
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} ${problem}`, { hint, context: { service } })
}
