import type { Context, RuntimeKind } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { lockStack } from '../lock/index.ts'
import { didYouMean } from '../manifest/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'
import type { BringUpEffects } from './bring-up.ts'
import { forgetMark, type JobMark, readMark } from './marks.ts'
import { planStack } from './plan.ts'
import { runRestores } from './restores.ts'
import { walkOf } from './walk.ts'

export interface JobStatus {
  job: string
  /** Undefined for a restore job. */
  kind: RuntimeKind | undefined
  /** Absent where it never ran to its end while the stack was brought up. */
  mark?: JobMark
}

/** Every job of the manifest, with what is remembered of it. */
export async function listJobs({ manifest, store }: Stack): Promise<JobStatus[]> {
  return Promise.all(
    manifest.jobs.map(async ({ name, runtime }) => {
      const mark = await readMark(store, name)
      return { job: name, kind: runtime, ...(mark === undefined ? {} : { mark }) }
    }),
  )
}

/**
 * Runs one job, after bringing up what it depends on. A restore job that is done is done again only with `again`.
 * Says whether it ran. USAGE for an unknown name, JOB_FAILED and what bringing up can fail with.
 */
export async function runStackJob(
  stack: Stack,
  name: string,
  { again }: { again: boolean },
  effects: BringUpEffects,
  ctx: Context,
): Promise<boolean> {
  const known = stack.manifest.jobs.map((job) => job.name)
  if (!known.includes(name)) throw unknown(name, known)
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: `job ${name}`, id }, stack.files, ctx.clock)
  const { plan } = await planStack(stack, { random: ctx.random, environment: effects.environment }, ctx)
  const isRestore = plan.restores.some((restore) => restore.name === name)
  const walk = walkOf(stack, plan, new Set(plan.restores.map((restore) => restore.name)), effects.output, ctx)
  if (!isRestore) {
    await walk.to([name])
    return true
  }
  if (again) await forgetMark(stack.store, name)
  const restores = plan.restores.filter((restore) => restore.name === name)
  return (await runRestores(stack, { ...plan, restores }, walk, effects.openStack, ctx)).length > 0
}

function unknown(name: string, known: readonly string[]): AngeeError {
  return new AngeeError('USAGE', `this stack has no job "${name}"`, {
    hint: `${didYouMean(name, known)}Jobs: ${known.join(', ') || 'none'}.`,
    context: { job: name },
  })
}
