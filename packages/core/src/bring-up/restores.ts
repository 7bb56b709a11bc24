import type { Context, RuntimeKind } from '../contract/index.ts'
import { type BringUpPlan, dependsOn } from '../definition/index.ts'
import { onRuntimes, type Stack } from '../stack/index.ts'
import { readMark, writeMark } from './marks.ts'
import { type OpenStack, type RestoredJob, runRestoreJob } from './restore-job.ts'
import type { Walk } from './walk.ts'

/**
 * Runs the restore jobs that have not been done, in the order of the manifest. When one fails, what was started for it is
 * stopped again: nobody shall use data that is not whole, or not masked.
 */
export async function runRestores(
  stack: Stack,
  { restores, graph }: BringUpPlan,
  walk: Walk,
  openStack: OpenStack,
  ctx: Context,
): Promise<RestoredJob[]> {
  const restored: RestoredJob[] = []
  for (const job of restores) {
    const before = new Set(walk.reached)
    const bringUp = async (services: readonly { service: string }[]): Promise<void> => {
      const names = services.map(({ service }) => service)
      await walk.to([...(graph.get(job.name)?.dependsOn.map(({ name }) => name) ?? []), ...names])
      await walk.waitFor(names)
    }
    try {
      const done = await runRestoreJob(stack, job, bringUp, openStack, ctx)
      if (done) restored.push(done)
    } catch (error) {
      const started = [...walk.reached].filter((name) => !before.has(name))
      await stopAgain(stack, graph, started, ctx).catch(() => undefined)
      throw error
    }
  }
  return restored
}

async function stopAgain(stack: Stack, graph: BringUpPlan['graph'], names: readonly string[], ctx: Context) {
  const services = names.flatMap((name): { service: string; kind: RuntimeKind }[] => {
    const workload = graph.get(name)
    return workload?.kind === 'service' ? [{ service: name, kind: workload.runtime }] : []
  })
  const toTheEnd = { ...ctx, signal: new AbortController().signal }
  await onRuntimes(stack.runtimes, services, (runtime, own) => runtime.stop(own, toTheEnd))
}

/** Runs the jobs that depend on restore jobs, each once for every time these have restored something. */
export async function followRestores(
  stack: Stack,
  { restores, graph, definition }: BringUpPlan,
  walk: Walk,
  ctx: Context,
): Promise<void> {
  const runs = new Map<string, string>()
  for (const { name } of restores) {
    const mark = await readMark(stack.store, name)
    if (mark?.state === 'done') runs.set(name, mark.run)
  }
  const jobs = definition.jobs.filter(({ name }) => !restores.some((restore) => restore.name === name))
  for (const { name } of jobs) {
    const followed = Object.fromEntries([...runs].filter(([restore]) => dependsOn(graph, name, restore)))
    const before = (await readMark(stack.store, name))?.followed ?? {}
    if (Object.entries(followed).every(([restore, run]) => before[restore] === run)) continue
    await walk.to([name])
    const at = new Date(ctx.clock.now()).toISOString()
    await writeMark(stack.store, name, { state: 'done', run: Object.values(followed).join('+'), at, followed })
  }
}
