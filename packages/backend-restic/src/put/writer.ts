import { randomBytes } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  AngeeError,
  type Context,
  type PartId,
  type SnapshotDraft,
  type SnapshotManifest,
  type SnapshotWriter,
  type TreeSource,
  type TreeTools,
} from '@angee/core'
import { forget } from '../care/forget.ts'
import type { Restic } from '../program/restic.ts'
import { committed, committedIds, type Listing, listStored } from '../snapshots/listing.ts'
import { readLocator } from '../snapshots/locator.ts'
import { manifestBytes, manifestName } from '../snapshots/manifest.ts'
import { manifestTags, partTags, requireId, writerOfThisProcess } from '../snapshots/tags.ts'
import { claimSnapshot, snapshotExists } from './active-writers.ts'
import { backup } from './backup.ts'
import { putStream } from './put-stream.ts'
import { putTree } from './put-tree.ts'
import { bootId } from './trusted-times.ts'

/** Starts a snapshot. `open` gives what the repository holds, which it makes when there is none. */
export async function beginSnapshot(
  restic: Restic,
  trees: TreeTools,
  draft: SnapshotDraft,
  open: () => Promise<Listing>,
  ctx: Context,
): Promise<SnapshotWriter> {
  const id = requireId(draft.id)
  const writer = writerOfThisProcess(randomBytes(8).toString('hex'))
  const claim = claimSnapshot(restic.place.url, id, writer.token)
  const started = new Set<PartId>()
  /** Every restic snapshot of this writer, also of attempts at a tree that did not count. */
  const stored = new Set<string>()
  const onStored = (resticId: string): void => void stored.add(resticId)
  let committing = false
  let done = false
  let before: Listing
  try {
    before = await open()
    if (committed(before, id)) throw snapshotExists(id)
  } catch (error) {
    claim[Symbol.dispose]()
    throw error
  }

  const placeOf = (part: PartId) => {
    if (started.has(part)) throw new AngeeError('INTERNAL', `${part} was put twice`)
    started.add(part)
    return { restic, part, tags: partTags(id, writer, part, bootId()), onStored }
  }
  return {
    putTree: async (part, tree, own) => putTree(placeOf(part), parentOf(before, part, tree), tree, trees, own),
    putStream: async (part, source, own) => putStream(placeOf(part), source, own),
    commit: async (manifest, own) => {
      const needed = neededOf(id, manifest, stored)
      const bytes = manifestBytes(manifest)
      committing = true
      const surplus = [...stored].filter((one) => !needed.has(one))
      await commitManifest(restic, id, manifestTags(id, writer, bytes.length), bytes, needed, own)
      done = true
      // What cannot be removed now is garbage, and swept by a later run.
      await forget(restic, surplus, 'at once', own).catch(() => undefined)
    },
    [Symbol.asyncDispose]: async () => {
      try {
        if (!done && (started.size > 0 || committing)) await abandon(restic, id, writer.token, ctx)
      } finally {
        claim[Symbol.dispose]()
      }
    },
  }
}

/**
 * The restic snapshot whose unchanged files need not be read again: the same directory of this machine in the newest
 * committed snapshot since the machine was started. An attempt that did not count is none: it may hold what a file was
 * while it changed.
 */
function parentOf(listing: Listing, part: PartId, tree: TreeSource): string | undefined {
  const directory = existsSync(tree.directory) ? realpathSync(tree.directory) : undefined
  const ids = new Set(committedIds(listing))
  const candidates = listing.stored
    .filter((one) => one.part === part && one.path === directory && ids.has(one.id))
    .filter(({ writer, boot }) => writer?.host === hostname() && boot !== undefined && boot === bootId())
  return candidates
    .filter(({ id }) => candidates.filter((one) => one.id === id).length === 1)
    .toSorted((a, b) => (a.time < b.time ? 1 : -1))[0]?.resticId
}

/** The restic snapshots that the manifest names. INTERNAL when this writer did not store one of them. */
function neededOf(id: string, manifest: SnapshotManifest, stored: ReadonlySet<string>): ReadonlySet<string> {
  const needed = new Set(manifest.parts.map((part) => readLocator(part).resticId))
  const foreign = manifest.parts.find((part) => !stored.has(readLocator(part).resticId))
  if (manifest.id === id && !foreign) return needed
  throw new AngeeError(
    'INTERNAL',
    `the manifest of ${manifest.id} names ${foreign?.part ?? 'another id'}, which was not put under ${id}`,
  )
}

/**
 * Stores the manifest: the one moment from which the snapshot is there. While restic opens the repository for it, what
 * lies there is looked at; the manifest is given to restic only when all parts are there and no other manifest is.
 */
async function commitManifest(
  restic: Restic,
  id: string,
  tags: string,
  bytes: Buffer,
  needed: ReadonlySet<string>,
  ctx: Context,
): Promise<void> {
  const looking = listStored(restic, id, ctx)
  looking.catch(() => undefined)
  const { bytesRead } = await backup(
    restic,
    {
      words: ['--stdin', '--stdin-filename', manifestName, '--tag', tags],
      feed: async (stdin) => {
        const listing = await looking
        if (committed(listing, id)) throw snapshotExists(id)
        requireParts(listing, needed)
        ctx.signal.throwIfAborted()
        stdin.end(bytes)
      },
    },
    ctx,
  )
  if (bytesRead === bytes.length) return
  throw new AngeeError(
    'BACKEND_FAILED',
    `the manifest of ${id} has ${bytes.length} bytes and restic took ${bytesRead}`,
    {
      hint: 'Run again.',
      retry: 'later',
    },
  )
}

function requireParts({ stored }: Listing, needed: ReadonlySet<string>): void {
  const there = new Set(stored.map(({ resticId }) => resticId))
  const lost = [...needed].filter((one) => !there.has(one))
  if (lost.length === 0) return
  throw new AngeeError('BACKEND_FAILED', `${lost.length} of the parts stored are not in the repository any more`, {
    hint: 'Somebody has removed them, or the storage has lost them. Check it and run again.',
    context: { lost: lost.join(', ') },
    retry: 'later',
  })
}

/** Removes what a writer stored that gives up, its manifest first. What cannot be removed now is swept by a later run. */
async function abandon(restic: Restic, id: string, token: string, ctx: Context): Promise<void> {
  const always: Context = { ...ctx, signal: new AbortController().signal }
  try {
    const { stored } = await listStored(restic, id, always)
    const own = stored.filter(({ writer }) => writer?.token === token)
    const manifests = own.filter(({ part }) => part === undefined)
    const parts = own.filter(({ part }) => part !== undefined)
    for (const some of [manifests, parts])
      await forget(
        restic,
        some.map(({ resticId }) => resticId),
        'at once',
        always,
      )
  } catch (error) {
    ctx.logger.debug('what an abandoned snapshot had stored is left for a later run', { error: String(error) })
  }
}
