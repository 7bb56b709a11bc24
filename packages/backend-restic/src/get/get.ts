import { readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import {
  AngeeError,
  type Context,
  isAngeeError,
  type PartId,
  type SnapshotManifest,
  type SnapshotReader,
  type StoredPart,
  type TreeTools,
} from '@angee/core'
import type { Restic } from '../program/restic.ts'
import { lockPatience } from '../put/backup.ts'
import { readLocator } from '../snapshots/locator.ts'
import { restoreTree } from './restore-tree.ts'
import { corrupt, streamFrom, verifiedBeforeEnd } from './verified.ts'

export function snapshotReader(restic: Restic, trees: TreeTools, manifest: SnapshotManifest): SnapshotReader {
  const find = (part: PartId, kind: StoredPart['kind']): StoredPart => {
    const stored = manifest.parts.find((one) => one.part === part && one.kind === kind)
    if (stored) return stored
    throw new AngeeError('PART_UNKNOWN', `snapshot ${manifest.id} has no ${kind} "${part}"`, {
      hint: `It has: ${manifest.parts.map((one) => one.part).join(', ')}.`,
    })
  }
  return {
    manifest,
    getTree: async (part, into, ctx) => {
      const stored = find(part, 'tree')
      ctx.signal.throwIfAborted()
      if (readdirSync(into).length > 0) throw new AngeeError('RESTORE_CONFLICT', `${into} is not empty`)
      const locator = readLocator(stored)
      if (locator.form === 'tree') await restoreTree(restic, trees, stored, locator, into, ctx)
      else await extractArchive(restic, trees, stored, into, ctx)
    },
    getStream: async (part, ctx) => {
      ctx.signal.throwIfAborted()
      return streamOf(restic, find(part, 'stream'), [], ctx)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** The bytes of a part that was stored as one file; they end only when length and digest are right. */
export function streamOf(restic: Restic, stored: StoredPart, options: readonly string[], ctx: Context): Readable {
  const { resticId, path } = readLocator(stored)
  if (stored.raw.bytes === 0) return Readable.from([], { objectMode: false })
  return streamFrom(
    (own) =>
      verifiedBeforeEnd(readingOutput(restic, ['dump', resticId, path, ...options], own), stored.raw, stored.part),
    ctx,
  )
}

async function extractArchive(
  restic: Restic,
  trees: TreeTools,
  stored: StoredPart,
  into: string,
  ctx: Context,
): Promise<void> {
  const { part, raw, tree } = stored
  const stream = streamOf(restic, stored, [], ctx)
  const counted = async function* (): AsyncGenerator<Buffer> {
    let bytes = 0
    for await (const piece of stream as AsyncIterable<Buffer>) {
      bytes += piece.length
      ctx.onProgress({ type: 'part', part, state: 'progress', bytes, totalBytes: raw.bytes })
      yield piece
    }
  }
  try {
    const { digest } = await trees.extract(Readable.from(counted(), { objectMode: false }), into, ctx)
    if (digest !== tree?.digest) throw corrupt(part, 'its tree digest differs from the manifest')
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw error
  } finally {
    stream.destroy()
  }
}

/**
 * What restic writes under a lock, so that nobody prunes meanwhile; without one where the repository is read-only and
 * so cannot be pruned either.
 */
export async function* readingOutput(restic: Restic, words: readonly string[], ctx: Context): AsyncGenerator<Buffer> {
  let started = false
  try {
    for await (const piece of restic.output([...words, '--json', lockPatience], ctx)) {
      started = true
      yield piece
    }
  } catch (error) {
    if (started || !isAngeeError(error, 'BACKEND_READ_ONLY')) throw error
    yield* restic.output([...words, '--json', '--no-lock'], ctx)
  }
}
