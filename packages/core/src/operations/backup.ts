import { updateRecords } from '../catalog/index.ts'
import type { Context } from '../contract/index.ts'
import { lockStack } from '../lock/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import { requireFreeName } from '../snapshot/name.ts'
import { type SnapshotRequest, type SnapshotResult, snapshotLocked } from '../snapshot/snapshot.ts'
import type { Stack } from '../stack/index.ts'
import { recoverInterrupted } from './recover.ts'

/** Takes a snapshot of the stack under its lock. Finishes or undoes first what an earlier process left half done. */
export async function takeSnapshot(stack: Stack, request: SnapshotRequest, ctx: Context): Promise<SnapshotResult> {
  const id = request.id ?? newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'backup', id }, stack.files, ctx.clock)
  await recoverInterrupted(stack, ctx)
  await requireFreeName(stack, request.name)
  const result = await snapshotLocked(stack, id, request.purpose ?? 'manual', request, ctx)
  await unpinSafetySnapshots(stack, result)
  return result
}

/** A complete snapshot makes older safety snapshots ordinary ones. */
async function unpinSafetySnapshots(stack: Stack, { manifest }: SnapshotResult): Promise<void> {
  if (manifest.status !== 'complete') return
  await updateRecords(stack.store, (records) => records.map(({ pinned: _, ...record }) => record))
}
