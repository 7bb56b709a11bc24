import type { BackupBackend, Context, DamagedSnapshot, SnapshotManifest, TreeTools } from '@angee/core'
import { isAngeeError } from '@angee/core'
import { checkSnapshot } from './care/check.ts'
import { deleteSnapshot } from './care/delete.ts'
import { collectGarbage } from './care/garbage.ts'
import { snapshotReader } from './get/get.ts'
import type { Restic } from './program/restic.ts'
import { beginSnapshot } from './put/writer.ts'
import { openRepository, proveWritable } from './repository/prepare.ts'
import { committed, committedIds, type Listing, type Stored } from './snapshots/listing.ts'
import { findSnapshot, listOrNothing, type Manifests, manifestsOf } from './snapshots/manifest.ts'

/** How many manifests a listing reads at once: each costs a restic, which mostly computes its key. */
const manifestsAtOnce = 4

/** A backend on one restic repository. */
export function resticBackend(restic: Restic, trees: TreeTools, stackRoot: string): BackupBackend {
  const { location, directory } = restic.place
  const manifests = manifestsOf(restic)
  /** What a preflight found: the snapshot that follows at once need not ask again. */
  let seen: Listing | undefined
  let owesPrune = false
  return {
    type: 'restic',
    location,
    capabilities: { encrypts: true, incremental: true, remote: directory === undefined },
    ...(directory === undefined ? {} : { localDirectory: directory }),
    preflight: async (ctx) => {
      seen = await proveWritable(restic, ctx)
    },
    begin: async (draft, ctx) => {
      ctx.signal.throwIfAborted()
      const known = seen
      seen = undefined
      return beginSnapshot(restic, trees, draft, async () => known ?? openRepository(restic, stackRoot, ctx), ctx)
    },
    stat: async (id, ctx) => (await findSnapshot(restic, manifests, id, ctx)).manifest,
    list: (ctx) => listSnapshots(restic, manifests, ctx),
    reader: async (id, ctx) => snapshotReader(restic, trees, (await findSnapshot(restic, manifests, id, ctx)).manifest),
    delete: async (id, ctx) => {
      if (await deleteSnapshot(restic, id, ctx)) owesPrune = true
    },
    check: (id, level, ctx) => checkSnapshot(restic, manifests, id, level, ctx),
    collectGarbage: async (ctx) => {
      const { report, pruned } = await collectGarbage(restic, manifests, owesPrune, ctx)
      if (pruned) owesPrune = false
      return report
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function* listSnapshots(
  restic: Restic,
  manifests: Manifests,
  ctx: Context,
): AsyncGenerator<SnapshotManifest | DamagedSnapshot> {
  const listing = await listOrNothing(restic, undefined, ctx)
  yield* hiddenSnapshots(listing, ctx)
  const waiting: Promise<SnapshotManifest | DamagedSnapshot>[] = []
  const next = (): Promise<SnapshotManifest | DamagedSnapshot> => {
    ctx.signal.throwIfAborted()
    return waiting.shift() as (typeof waiting)[number]
  }
  try {
    for (const id of committedIds(listing)) {
      const reading = readOrDamaged(manifests, committed(listing, id) as Stored, ctx)
      reading.catch(() => undefined)
      waiting.push(reading)
      if (waiting.length >= manifestsAtOnce) yield await next()
    }
    while (waiting.length > 0) yield await next()
    ctx.signal.throwIfAborted()
  } finally {
    await Promise.allSettled(waiting)
  }
}

/** Those whose manifest is nowhere, while some of the repository cannot be read: it is likely to be there. */
function* hiddenSnapshots(listing: Listing, { logger }: Context): Generator<DamagedSnapshot> {
  const { problem } = listing.unreadable[0] ?? {}
  if (problem === undefined) return
  logger.warn('some of the repository cannot be read', { problem, files: listing.unreadable.length })
  const commits = new Set(committedIds(listing))
  for (const id of new Set(listing.stored.map((one) => one.id))) {
    if (!commits.has(id)) yield { damaged: true, id, problem }
  }
}

async function readOrDamaged(
  manifests: Manifests,
  stored: Stored,
  ctx: Context,
): Promise<SnapshotManifest | DamagedSnapshot> {
  try {
    return await manifests.read(stored, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT') && !isAngeeError(error, 'FORMAT_TOO_NEW')) throw error
    return { damaged: true, id: stored.id, problem: error.message }
  }
}
