import { updateRecords } from '../catalog/index.ts'
import type { Context } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { lockStack } from '../lock/index.ts'
import type { Outlook } from '../retention/outlook.ts'
import type { RetentionPolicy } from '../retention/policy.ts'
import type { RetentionPlan } from '../retention/reasons.ts'
import { type ShrinkAlarm, stopped } from '../retention/shrink.ts'
import { writeSizes } from '../retention/sizes.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'
import { removeEach } from './remove.ts'

export interface PruneRequest {
  /** The id of the operation: a ULID that no other has. A new one when absent. */
  id?: string
  /** In place of `backup.retention`. */
  policy?: RetentionPolicy
  /** Plan only. */
  dryRun?: boolean
  /** Go on although something shrank, and compare with what there is now from then on. */
  allowShrink?: boolean
  /** Remove no others than these ids: what somebody was shown and has agreed to. */
  agreed?: readonly string[]
}

export interface PruneResult {
  plan: RetentionPlan
  /** What shrank: told on a dry run, accepted otherwise. */
  alarms: ShrinkAlarm[]
  /** Ids, the oldest snapshot first. Empty on a dry run. */
  removed: string[]
  /** Ids the catalog knew and the backend no longer held: dropped from the catalog. */
  forgotten: string[]
}

/**
 * Removes what the retention policy does not keep, the oldest first. Planned from the backend's listing, never from the
 * catalog alone. It may be interrupted between any two snapshots, or killed: the next prune goes on. RETENTION_STOPPED
 * when something shrank, when a listing is incomplete or the catalog damaged; a listing that fails throws what the
 * backend threw. Nothing is removed then. Without a rule in the policy nothing is removed either.
 */
export async function pruneSnapshots(stack: Stack, request: PruneRequest, ctx: Context): Promise<PruneResult> {
  if (request.dryRun) return { ...(await lookAhead(stack, request, ctx)), removed: [], forgotten: [] }
  const id = request.id ?? newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'prune', id }, stack.files, ctx.clock)
  const { plan, alarms, missing, sizes } = await lookAhead(stack, request, ctx)
  if (plan.emptyPolicy) return { plan, alarms, removed: [], forgotten: [] }
  if (alarms.length > 0 && !request.allowShrink) throw stopped(alarms)

  const compareWith = alarms.length > 0 ? sizes.accepted : sizes.found
  if (compareWith) await writeSizes(stack.store, compareWith)
  const forgotten = await forget(stack, missing, ctx)
  const removed = await removeAll(stack, doomed(plan, request.agreed), ctx)
  await giveBackRoom(stack, ctx)
  return { plan, alarms, removed, forgotten }
}

/** Loaded when it is needed: reckoning with calendars costs a start more than most commands take. */
async function lookAhead(stack: Stack, { policy }: PruneRequest, ctx: Context): Promise<Outlook> {
  const { lookAhead } = await import('../retention/outlook.ts')
  return lookAhead(stack, policy ?? stack.manifest.retention, ctx)
}

function doomed({ entries }: RetentionPlan, agreed: readonly string[] | undefined): string[] {
  const ids = entries.filter(({ action }) => action === 'remove').map(({ id }) => id)
  return agreed === undefined ? ids : ids.filter((id) => agreed.includes(id))
}

/** What a prune that was killed had removed, or another machine. */
async function forget({ store }: Stack, missing: readonly string[], ctx: Context): Promise<string[]> {
  if (missing.length === 0) return []
  ctx.onProgress({ type: 'note', message: `no longer in the backend, so no longer listed: ${missing.join(', ')}` })
  await updateRecords(store, (all) => all.filter(({ id }) => !missing.includes(id)))
  return [...missing]
}

async function removeAll(stack: Stack, ids: readonly string[], ctx: Context): Promise<string[]> {
  const removed: string[] = []
  const tell = (): void => {
    const next = ids[removed.length]
    const message = `removing ${next} (${removed.length + 1} of ${ids.length})`
    if (next !== undefined) ctx.onProgress({ type: 'phase', phase: 'remove', message })
  }
  try {
    tell()
    for await (const id of removeEach(stack, ids, false, ctx)) {
      removed.push(id)
      tell()
    }
  } catch (error) {
    throw stoppedAfter(removed, ids.length, error)
  }
  return removed
}

function stoppedAfter(removed: readonly string[], wanted: number, error: unknown): unknown {
  if (!isAngeeError(error)) return error
  const { code, message, hint, context, retry } = error
  return new AngeeError(code, `${message}\nRemoved before that: ${removed.length} of ${wanted} snapshots`, {
    ...(hint === undefined ? {} : { hint }),
    context: { ...context, removed },
    cause: error,
    retry,
  })
}

/** Once for all of them: a backend that deduplicates has to find out first what nobody needs any more. */
async function giveBackRoom({ backend }: Stack, ctx: Context): Promise<void> {
  if (!backend.collectGarbage) return
  ctx.onProgress({ type: 'phase', phase: 'garbage', message: 'giving back room' })
  try {
    await backend.collectGarbage(ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    ctx.onProgress({ type: 'note', message: `a later run gives their room back: ${reason}` })
  }
}
