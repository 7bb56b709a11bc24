import type { Writable } from 'node:stream'
import type { Context, Workload } from '../contract/index.ts'
import { type BringUpPlan, closureOf, levelsOf } from '../definition/index.ts'
import { AngeeError, redact } from '../errors/index.ts'
import { onRuntimes, type Stack } from '../stack/index.ts'

/** Brings services up and runs jobs, each once, in the order of their dependencies. */
export interface Walk {
  /** Everything that `names` depend on, and then they themselves. JOB_FAILED, RUNTIME_FAILED, SERVICE_NOT_RUNNING. */
  to(names: Iterable<string>): Promise<void>
  /** Resolves when these services are healthy, or run where they declare no check. */
  waitFor(services: Iterable<string>): Promise<void>
  /** Services that have been brought up on the way, and jobs that have run. */
  readonly reached: ReadonlySet<string>
}

/** `satisfied`: names that are taken for done, such as restore jobs. `output` gets what jobs write. */
export function walkOf(
  stack: Stack,
  { graph, definition }: BringUpPlan,
  satisfied: ReadonlySet<string>,
  output: Writable | undefined,
  ctx: Context,
): Walk {
  const reached = new Set<string>()
  const refs = (workloads: readonly Workload[]) =>
    workloads.map(({ name, runtime }) => ({ service: name, kind: runtime }))

  async function level(all: readonly Workload[], wanted: ReadonlySet<string>): Promise<void> {
    const services = all.filter(({ kind }) => kind === 'service')
    if (services.length > 0) tell(ctx, `starting ${services.map(({ name }) => name).join(', ')}`)
    await onRuntimes(stack.runtimes, refs(services), (runtime, names) => runtime.up(names, definition, ctx))
    for (const { name } of services) reached.add(name)
    for (const job of all.filter(({ kind }) => kind === 'job')) {
      await runJob(stack, definition, job, output, ctx)
      reached.add(job.name)
    }
    const awaited = services.filter(({ name }) => isAwaited(name, wanted))
    if (awaited.length > 0) tell(ctx, `waiting until ${awaited.map(({ name }) => name).join(', ')} can be used`)
    await onRuntimes(stack.runtimes, refs(awaited), (runtime, names) => runtime.waitHealthy(names, ctx))
  }

  function isAwaited(name: string, wanted: ReadonlySet<string>): boolean {
    return [...wanted].some((other) =>
      graph.get(other)?.dependsOn.some((one) => one.name === name && one.condition === 'healthy'),
    )
  }

  return {
    reached,
    async to(names) {
      const wanted = new Set([...closureOf(graph, names)].filter((name) => !satisfied.has(name) && !reached.has(name)))
      for (const workloads of levelsOf(graph, wanted)) await level(workloads, wanted)
    },
    async waitFor(services) {
      const workloads = [...services].flatMap((name) => graph.get(name) ?? [])
      await onRuntimes(stack.runtimes, refs(workloads), (runtime, names) => runtime.waitHealthy(names, ctx))
    },
  }
}

/** Runs one job to its end. JOB_FAILED with the end of what it wrote. */
async function runJob(
  stack: Stack,
  definition: BringUpPlan['definition'],
  { name, runtime: kind }: Workload,
  output: Writable | undefined,
  ctx: Context,
): Promise<void> {
  tell(ctx, `running job ${name}`)
  const runtime = await stack.runtimes.get(kind)
  const { exitCode, signal, stderrTail } = await runtime.runJob(name, definition, output, ctx)
  if (exitCode === 0) return
  const end = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${exitCode}`
  const said = redact(stderrTail)
    .trimEnd()
    .split('\n')
    .slice(-10)
    .map((line) => `  ${line}`)
    .join('\n')
    .slice(-2000)
  throw new AngeeError(
    'JOB_FAILED',
    `job ${name} ${end}${said.trim() === '' ? '' : `; the end of what it wrote:\n${said}`}`,
    {
      hint: `What depends on it was not started. Run it alone: angee job run ${name}`,
      context: { job: name, exitCode, signal },
      retry: 'later',
    },
  )
}

function tell(ctx: Context, message: string): void {
  ctx.signal.throwIfAborted()
  ctx.onProgress({ type: 'phase', phase: 'up', message })
}
