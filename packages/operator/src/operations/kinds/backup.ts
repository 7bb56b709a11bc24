import { isAngeeError, type SnapshotRequest, type SnapshotResult, takeSnapshot } from '@angee/core'
import { defineKind } from '../kind.ts'
import { failureOf } from '../record.ts'

/** Takes a snapshot, whose id is that of the operation: so a dead operator's record tells what to look for. */
export const backup = defineKind<Omit<SnapshotRequest, 'id'>>({
  lane: 'writer',
  run: async (input, { id, stack, ctx }) => ({ result: resultOf(await takeSnapshot(stack, { ...input, id }, ctx)) }),
  settle: async (_, { id, stack, ctx }) => {
    try {
      return { snapshot: await stack.backend.stat(id, ctx), failures: [], unchanged: [] }
    } catch (error) {
      if (isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) return undefined
      throw error
    }
  },
})

function resultOf({ manifest, failures, unchanged }: SnapshotResult): object {
  return {
    snapshot: manifest,
    failures: failures.map(({ part, error }) => ({ part, error: failureOf(error) })),
    unchanged,
  }
}
