import { readCatalog, recordAgain, replaceCatalog } from '../catalog/index.ts'
import type { Context, DamagedSnapshot } from '../contract/index.ts'
import { lockStack } from '../lock/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'

export interface ReindexReport {
  found: number
  added: string[]
  dropped: string[]
  damaged: DamagedSnapshot[]
}

/**
 * Rebuilds the catalog from what the backend holds. What only the catalog knows of a snapshot (pinned, verified, proven) is
 * kept. A listing that fails changes nothing.
 */
export async function reindex(stack: Stack, ctx: Context): Promise<ReindexReport> {
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'reindex', id }, stack.files, ctx.clock)
  const known = new Map((await readCatalog(stack.store)).records.map((record) => [record.id, record]))
  const records = []
  const damaged: DamagedSnapshot[] = []
  for await (const snapshot of stack.backend.list(ctx)) {
    if ('damaged' in snapshot) {
      damaged.push(snapshot)
      continue
    }
    records.push(recordAgain(snapshot, stack.backend.location, known.get(snapshot.id)))
  }
  await replaceCatalog(stack.store, records)
  const found = new Set(records.map((record) => record.id))
  return {
    found: records.length,
    added: [...found].filter((one) => !known.has(one)),
    dropped: [...known.keys()].filter((one) => !found.has(one)),
    damaged,
  }
}
