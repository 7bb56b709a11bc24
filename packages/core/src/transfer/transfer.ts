import { isDeepStrictEqual } from 'node:util'
import type { BackupBackend, Context, SnapshotManifest, SnapshotReader, StoredPart } from '../contract/index.ts'
import { AngeeError, toAngeeError } from '../errors/index.ts'
import { checkManifest } from './check-manifest.ts'
import { type TransferArea, transferPart } from './part.ts'

/**
 * Stores a snapshot a second time, in another backend and under the same id: everything the manifest says stays, but
 * where and how the parts lie. Nothing is visible in `to` before all of it is there. Returns the manifest of the copy.
 * SNAPSHOT_CORRUPT, OBJECT_EXISTS and the errors of both backends.
 */
export async function transferSnapshot(
  reader: SnapshotReader,
  to: BackupBackend,
  area: TransferArea,
  ctx: Context,
): Promise<SnapshotManifest> {
  const { manifest } = reader
  checkManifest(manifest)
  await to.preflight(ctx)
  // What an earlier attempt at this very snapshot left would stand in the way of its id.
  await to.collectGarbage?.(ctx)
  const { id, createdAt, stack } = manifest
  await using writer = await to.begin({ id, createdAt, stack }, ctx)
  ctx.onProgress({ type: 'phase', phase: 'transfer', message: `copying ${counted(manifest.parts.length)}` })
  const parts: StoredPart[] = []
  for (const part of manifest.parts)
    parts.push(await told(part, ctx, () => transferPart(reader, writer, part, area, ctx)))
  ctx.onProgress({ type: 'phase', phase: 'commit', message: 'writing the manifest' })
  const copy = { ...manifest, parts }
  await writer.commit(copy, ctx)
  await readBack(to, copy, ctx)
  return copy
}

/** Tells of the beginning and the end of a part. */
async function told({ part, raw }: StoredPart, ctx: Context, transfer: () => Promise<StoredPart>): Promise<StoredPart> {
  ctx.onProgress({ type: 'part', part, state: 'started', bytes: 0 })
  try {
    const stored = await transfer()
    ctx.onProgress({ type: 'part', part, state: 'done', bytes: raw.bytes })
    return stored
  } catch (error) {
    ctx.signal.throwIfAborted()
    const failure = toAngeeError(error, 'PART_FAILED', `${part} could not be copied`)
    ctx.onProgress({ type: 'part', part, state: 'failed', bytes: 0, message: failure.message })
    throw failure
  }
}

async function readBack(to: BackupBackend, copy: SnapshotManifest, ctx: Context): Promise<void> {
  const found = await to.stat(copy.id, ctx)
  if (isDeepStrictEqual(asJson(found), asJson(copy))) return
  throw new AngeeError(
    'BACKEND_FAILED',
    `${to.location} does not give back the manifest of ${copy.id} as it was stored`,
    {
      hint: 'Do not rely on this copy. Check the storage, remove the copy there and run again.',
      context: { id: copy.id, location: to.location },
    },
  )
}

function asJson(manifest: SnapshotManifest): unknown {
  return JSON.parse(JSON.stringify(manifest))
}

function counted(parts: number): string {
  return `${parts} part${parts === 1 ? '' : 's'}`
}
