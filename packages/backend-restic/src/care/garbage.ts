import { hostname } from 'node:os'
import { type Context, type GarbageReport, isAngeeError, type SnapshotManifest } from '@angee/core'
import type { Restic } from '../program/restic.ts'
import { isActiveWriter } from '../put/active-writers.ts'
import { committed, type Listing, type Stored } from '../snapshots/listing.ts'
import { readLocator } from '../snapshots/locator.ts'
import { listOrNothing, type Manifests } from '../snapshots/manifest.ts'
import type { Writer } from '../snapshots/tags.ts'
import { alone, forget } from './forget.ts'

/** A writer on another machine that has said nothing for this long is taken for dead. */
const abandonedAfter = 7 * 24 * 3_600_000

export interface Sweep {
  report: GarbageReport
  /** False while somebody else uses the repository: what was removed still takes its room. */
  pruned: boolean
}

/**
 * Removes what writers left that are no more, then the bytes nobody needs any more. Foreign restic snapshots are never
 * touched, nor is anything while a part of the listing cannot be read: what looks abandoned may have its manifest there.
 * `owed`: snapshots were deleted since the last prune.
 */
export async function collectGarbage(
  restic: Restic,
  manifests: Manifests,
  owed: boolean,
  ctx: Context,
): Promise<Sweep> {
  const listing = await listOrNothing(restic, undefined, ctx)
  const { problem } = listing.unreadable[0] ?? {}
  if (problem !== undefined) {
    ctx.logger.warn('nothing is swept: some of the repository cannot be read', { problem })
    return { report: { removed: 0, bytes: 0 }, pruned: false }
  }
  const garbage = await garbageOf(listing, manifests, ctx)
  try {
    await forget(
      restic,
      garbage.map(({ resticId }) => resticId),
      'at once',
      ctx,
    )
  } catch (error) {
    if (!isAngeeError(error, 'LOCKED')) throw error
    return { report: { removed: 0, bytes: 0 }, pruned: false }
  }
  const report = { removed: garbage.length, bytes: garbage.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0) }
  return { report, pruned: (owed || garbage.length > 0) && (await prune(restic, ctx)) }
}

/** Gives back the room of what no restic snapshot names. False when somebody else uses the repository. */
async function prune(restic: Restic, ctx: Context): Promise<boolean> {
  ctx.onProgress({ type: 'note', message: 'restic gives back the room of what was removed' })
  try {
    await alone(restic, ['prune'], 'at once', ctx)
    return true
  } catch (error) {
    if (!isAngeeError(error, 'LOCKED')) throw error
    ctx.onProgress({ type: 'note', message: `the room is given back by a later run: ${error.message}` })
    return false
  }
}

async function garbageOf(listing: Listing, manifests: Manifests, ctx: Context): Promise<Stored[]> {
  const garbage: Stored[] = []
  for (const [id, all] of Map.groupBy(listing.stored, (one) => one.id)) {
    const commit = committed(listing, id)
    const abandoned = all.filter((one) => !isAtWork(one, ctx))
    if (!commit) garbage.push(...abandoned)
    else if (hasSurplus(all)) garbage.push(...(await surplusOf(commit, abandoned, manifests, ctx)))
  }
  return garbage
}

/** More than one restic snapshot of a part: attempts at a tree that changed while it was stored. */
function hasSurplus(all: readonly Stored[]): boolean {
  const parts = all.flatMap(({ part }) => part ?? [])
  return new Set(parts).size < parts.length
}

async function surplusOf(
  commit: Stored,
  abandoned: readonly Stored[],
  manifests: Manifests,
  ctx: Context,
): Promise<Stored[]> {
  const manifest = await manifests.read(commit, ctx).catch((error: unknown): SnapshotManifest | undefined => {
    if (isAngeeError(error, 'SNAPSHOT_CORRUPT') || isAngeeError(error, 'FORMAT_TOO_NEW')) return undefined
    throw error
  })
  if (!manifest) return []
  const needed = new Set(manifest.parts.map((part) => readLocator(part).resticId))
  return abandoned.filter(({ part, resticId }) => part !== undefined && !needed.has(resticId))
}

/** Whether the writer of that restic snapshot may still be going to commit it. */
function isAtWork({ writer, time }: Stored, { clock }: Context): boolean {
  if (!writer || writer.host !== hostname()) return clock.now() - Date.parse(time) <= abandonedAfter
  return writer.pid === process.pid ? isActiveWriter(writer.token) : isAlive(writer)
}

function isAlive({ pid }: Writer): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
