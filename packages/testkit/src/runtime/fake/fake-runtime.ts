import { copyFile } from 'node:fs/promises'
import type { Context, HookCommand } from '@angee/core'
import type { RuntimeCall } from './call.ts'
import { environmentOf, fakeFile, namesByHand, served, writeDefinition } from './definition.ts'
import { notThere, unavailable } from './errors.ts'
import { bringUp, type Held, healthOf, hold, start } from './held.ts'
import type { FakePrograms, FakeRuntime, FakeRuntimeOptions } from './options.ts'
import type { FakeProgram } from './program.ts'
import { exits } from './programs.ts'
import { runProgram } from './run.ts'
import { runJobProgram } from './run-job.ts'
import { fakeWorld, noteEarly } from './world.ts'

/** Makes a fake runtime that keeps the Runtime contract; the contract suite runs against it. */
export function fakeRuntime(options: FakeRuntimeOptions = {}): FakeRuntime {
  const {
    type = 'fake',
    serves = 'container',
    services = {},
    commands = {},
    jobs = {},
    world = fakeWorld(),
    fault,
  } = options
  const held = new Map(Object.entries(services).map(([name, told]) => [name, hold(told, told.state ?? 'running')]))
  const running = new Set<{ service: string; command: HookCommand }>()
  let own: ReadonlySet<string> | undefined
  let byHand: string | undefined

  world.meets.set(serves, ({ name, condition }) => {
    const one = held.get(name)
    if (one?.state !== 'running') return false
    return condition === 'started' || (!one.starting && healthOf(one) !== 'unhealthy')
  })

  const enter = async (call: RuntimeCall, ctx: Context): Promise<void> => {
    ctx.signal.throwIfAborted()
    world.calls.push(call)
    const holding = fault?.(call)
    if (holding) await Promise.race([holding, aborted(ctx.signal)])
    ctx.signal.throwIfAborted()
  }
  const find = (name: string): Held => {
    const one = held.get(name)
    if (one === undefined) throw unavailable(name, 'is not defined', [...held.keys()])
    return one
  }
  const each = async (call: RuntimeCall['call'], names: readonly string[], ctx: Context, then: Change) => {
    ctx.signal.throwIfAborted()
    for (const name of names) {
      const one = find(name)
      await enter({ call, service: name }, ctx)
      await then(one, name)
    }
  }
  const workingIn = async <Result>(service: string, command: HookCommand, work: () => Promise<Result>) => {
    const entry = { service, command }
    running.add(entry)
    try {
      return await work()
    } finally {
      running.delete(entry)
    }
  }

  return {
    type,
    calls: world.calls,
    early: world.early,
    state: (service) => held.get(service)?.state ?? 'absent',
    made: (service) => held.get(service)?.made ?? 0,
    starts: (service) => held.get(service)?.starts ?? 0,
    running: () => [...running],

    async preflight(ctx) {
      ctx.signal.throwIfAborted()
      return { engine: 'a fake', version: '1' }
    },

    async status(ctx) {
      ctx.signal.throwIfAborted()
      const named = [...held].filter(([service]) => own?.has(service) ?? true)
      return named.map(([service, one]) => {
        const runs = one.state === 'running'
        const health = runs ? (one.starting ? 'starting' : healthOf(one)) : 'none'
        return { service, state: one.state, health, canExec: runs, canStart: true }
      })
    },

    async exec(service, command, io, { user, env, workdir }, ctx) {
      const { told, state, env: ofDefinition, workload } = find(service)
      await enter({ call: 'exec', service, command }, ctx)
      if (state !== 'running') throw unavailable(service, `is ${state}`)
      const place = {
        command,
        env: { ...told.env, ...ofDefinition, ...env },
        user: user ?? workload?.user ?? told.user ?? 'root',
        workdir: workdir ?? workload?.workdir ?? told.workdir ?? '/',
      }
      const program =
        programOf(told.commands ?? commands, command, service) ?? exits(127, `${written(command)}: not found\n`)
      return workingIn(service, command, () => runProgram(program, place, io, ctx))
    },

    start: (names, ctx) => each('start', names, ctx, (one) => start(one)),

    stop: (names, ctx) =>
      each('stop', names, ctx, (one) => {
        if (one.state !== 'absent') one.state = 'stopped'
      }),

    pause: (names, ctx) =>
      each('pause', names, ctx, (one, name) => {
        if (one.state !== 'running' && one.state !== 'paused') throw unavailable(name, `is ${one.state}`)
        one.state = 'paused'
      }),

    resume: (names, ctx) =>
      each('resume', names, ctx, (one) => {
        if (one.state === 'paused') one.state = 'running'
      }),

    async waitHealthy(names, ctx) {
      await each('waitHealthy', names, ctx, async (one, name) => {
        // One turn, as a real check takes its time: a caller that cancels meanwhile is obeyed.
        await new Promise((resolve) => setImmediate(resolve))
        ctx.signal.throwIfAborted()
        if (one.state !== 'running') throw unavailable(name, `is ${one.state}`)
        if (healthOf(one) === 'unhealthy') throw unavailable(name, 'is unhealthy')
        one.starting = false
      })
    },

    async prepare(definition, ctx) {
      await enter({ call: 'prepare' }, ctx)
      const workloads = served(definition, serves)
      const prepared = await writeDefinition(fakeFile(definition.stackRoot, type), workloads)
      const defined = workloads.filter(({ kind }) => kind === 'service').map(({ name }) => name)
      byHand = prepared.outcome === 'by-hand' ? prepared.file : undefined
      const there = byHand === undefined ? undefined : await namesByHand(byHand)
      const names = there?.services ?? defined
      for (const name of names) if (!held.has(name)) held.set(name, hold(services[name] ?? {}, 'absent'))
      own = new Set([...names, ...(there?.jobs ?? workloads.map(({ name }) => name))])
      return prepared
    },

    async up(names, definition, ctx) {
      ctx.signal.throwIfAborted()
      const workloads = served(definition, serves)
      for (const name of names) {
        const workload = workloads.find((one) => one.kind === 'service' && one.name === name)
        const one = held.get(name) ?? (workload && hold(services[name] ?? {}, 'absent'))
        if (one === undefined || own?.has(name) === false) throw notThere('service', name)
        await enter({ call: 'up', service: name }, ctx)
        held.set(name, one)
        if (workload) noteEarly(world, workload, definition)
        bringUp(one, workload, workload ? environmentOf(workload, definition) : {})
      }
    },

    async down({ volumes }, ctx) {
      await enter({ call: 'down', volumes }, ctx)
      for (const one of held.values()) Object.assign(one, { state: 'absent', starting: false })
    },

    async runJob(job, definition, output, ctx) {
      ctx.signal.throwIfAborted()
      const workload = served(definition, serves).find((one) => one.kind === 'job' && one.name === job)
      const told = programOf(jobs, workload?.command ?? job, job)
      if ((workload === undefined && told === undefined) || own?.has(job) === false) throw notThere('job', job)
      await enter({ call: 'runJob', service: job }, ctx)
      if (workload) noteEarly(world, workload, definition)
      const command = workload?.command ?? []
      const env = workload ? environmentOf(workload, definition) : {}
      const place = { command, env, user: workload?.user ?? 'root', workdir: workload?.workdir ?? '/' }
      const result = await workingIn(job, command, () => runJobProgram(told ?? exits(0), place, output, ctx))
      if (result.exitCode === 0) world.completed.add(job)
      return result
    },

    async copyDefinition({ project, stackRoot }, ctx) {
      await enter({ call: 'copyDefinition' }, ctx)
      if (byHand === undefined) return undefined
      await copyFile(byHand, fakeFile(stackRoot, type))
      return { project_name: project }
    },

    [Symbol.asyncDispose]: async () => undefined,
  }
}

type Change = (one: Held, name: string) => void | Promise<void>

function programOf(programs: FakePrograms, command: HookCommand, name: string): FakeProgram | undefined {
  if (typeof programs === 'function') return programs(command, name)
  return programs[name] ?? programs[written(command)]
}

function written(command: HookCommand): string {
  return typeof command === 'string' ? command : command.join(' ')
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
