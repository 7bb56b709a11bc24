import type { Context, SnapshotManifest } from '../contract/index.ts'
import type { RestoreJob } from '../definition/index.ts'
import { runHook } from '../hooks/index.ts'
import { restoreLocked } from '../operations/restore.ts'
import { planRestore, type RestoreRequest } from '../restore/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import { resolveSnapshot } from '../snapshot/resolve.ts'
import type { Stack } from '../stack/index.ts'
import { type JobMark, readMark, writeMark } from './marks.ts'

/** What a restore job did. */
export interface RestoredJob {
  job: string
  manifest: SnapshotManifest
  parts: string[]
}

/** Opens another stack of this machine by its root, for what its backend holds. */
export type OpenStack = (root: string, ctx: Context) => Promise<Stack>

/**
 * Puts the data of a snapshot in place: trees first, while nothing runs; then each dump into its service; then the
 * `seed` commands, and only when all of these have ended well is the job done. Done once: afterwards nothing happens.
 */
export async function runRestoreJob(
  stack: Stack,
  job: RestoreJob,
  bringUp: NonNullable<RestoreRequest['bringUp']>,
  openStack: OpenStack,
  ctx: Context,
): Promise<RestoredJob | undefined> {
  const before = await readMark(stack.store, job.name)
  if (before?.state === 'done') return undefined
  const run = newSnapshotId(ctx.clock, ctx.random)
  ctx.onProgress({ type: 'phase', phase: 'restore', message: `restoring ${job.snapshot}, once` })
  await using other = job.stack === undefined ? undefined : await openStack(job.stack, ctx)
  const origin = other ?? stack
  const request = {
    snapshot: await resolveSnapshot(origin, job.snapshot, ctx),
    from: origin.backend,
    bringUp,
    ...(job.only === undefined ? {} : { only: job.only }),
    // What lies there is of an earlier attempt, and not yet masked: it must not be kept anywhere.
    withoutSafety: before?.state === 'loaded',
  }
  const mark = (state: JobMark['state']): JobMark => ({
    state,
    run,
    at: new Date(ctx.clock.now()).toISOString(),
    snapshot: request.snapshot,
  })
  const { trees, streams } = await planRestore(stack, request, ctx)
  // Before it begins, so that no moment is left in which unmasked data could be taken for the user's own.
  if ([...trees, ...streams].every(({ empty }) => empty)) await writeMark(stack.store, job.name, mark('loaded'))
  const { plan } = await restoreLocked(stack, run, request, ctx)
  await writeMark(stack.store, job.name, mark('loaded'))
  for (const { part } of plan.streams) {
    const { seed } = part.hook
    if (seed === undefined) continue
    ctx.onProgress({ type: 'phase', phase: 'seed', message: `running the seed command of ${part.service}` })
    await runHook(stack, part, 'seed', seed, {}, ctx)
  }
  await writeMark(stack.store, job.name, mark('done'))
  return { job: job.name, manifest: plan.manifest, parts: [...plan.trees, ...plan.streams].map(({ part }) => part.id) }
}
