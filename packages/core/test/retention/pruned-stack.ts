import {
  type FakeClock,
  fakeClock,
  pseudoRandomBytes,
  type TestContext,
  testContext,
  wholeStream,
} from '@angee/testkit'
import {
  newSnapshotId,
  type PruneRequest,
  type PruneResult,
  pruneSnapshots,
  readCatalog,
  type SnapshotManifest,
  type Stack,
} from '../../src/index.ts'
import { catalogSnapshot } from '../../src/snapshot/snapshot.ts'

const day = 24 * 3_600_000

/** A stack with a clock of its own. */
export interface PrunedStack {
  stack: Stack
  clock: FakeClock
  ctx: TestContext
  /** So many snapshots of a dump of `bytes`, one each day. Gives their ids. */
  snapshots(amount: number, bytes?: number): Promise<string[]>
  prune(request?: PruneRequest, ctx?: TestContext): Promise<PruneResult>
  /** The ids in the backend, sorted. */
  stored(): Promise<string[]>
  /** The ids in the catalog, in its order. */
  listed(): Promise<string[]>
}

/** What tests of pruning do with a stack. Its clock begins at `start` and moves when a snapshot is taken. */
export function pruned(stack: Stack, start = Date.parse('2026-10-20T03:00:00Z')): PrunedStack {
  const clock = fakeClock(start)
  const ctx = testContext({ clock })
  return {
    stack,
    clock,
    ctx,
    snapshots: async (amount, bytes = 100) => {
      const ids: string[] = []
      for (let taken = 0; taken < amount; taken++) {
        clock.advance(day)
        ids.push(await commit(stack, pseudoRandomBytes(taken, bytes), ctx))
      }
      return ids
    },
    prune: (request = {}, given = ctx) => pruneSnapshots(stack, request, given),
    stored: async () => {
      const ids: string[] = []
      for await (const { id } of stack.backend.list(ctx)) ids.push(id)
      return ids.sort()
    },
    listed: async () => (await readCatalog(stack.store)).records.map(({ id }) => id),
  }
}

/** A complete snapshot of one dump. It is put into the backend by hand: no hook has to run for it. */
async function commit(stack: Stack, dump: Uint8Array, ctx: TestContext): Promise<string> {
  const { place, name, backend, tool } = stack
  const createdAt = new Date(ctx.clock.now()).toISOString()
  const draft = { id: newSnapshotId(ctx.clock, ctx.random), createdAt, stack: { name, root: place.root, host: 'here' } }
  await using writer = await backend.begin(draft, ctx)
  const { stored } = await writer.putStream('service/db', () => wholeStream(dump), ctx)
  const manifest: SnapshotManifest = {
    format: 1,
    ...draft,
    labels: {},
    finishedAt: createdAt,
    status: 'complete',
    purpose: 'manual',
    tool,
    parts: [stored],
    missing: [],
    excluded: [],
    warnings: [],
  }
  await writer.commit(manifest, ctx)
  await catalogSnapshot(stack, manifest)
  return draft.id
}
