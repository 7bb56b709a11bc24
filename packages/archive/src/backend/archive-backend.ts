import { readdirSync } from 'node:fs'
import type {
  BackupBackend,
  Context,
  DamagedSnapshot,
  PartId,
  SnapshotManifest,
  SnapshotReader,
  StoredPart,
} from '@angee/core'
import { AngeeError, isAngeeError } from '@angee/core/errors'
import { returnFreedMemory } from '@angee/core/posix'
import type { Encryption } from '../encryption/encryption.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import type { Archive } from './archive.ts'
import { checkSnapshot } from './check.ts'
import { collectGarbage } from './garbage.ts'
import { getFrames, getStream, getTree, type PartSource } from './get.ts'
import { manifestKey, parseKey, partKey, snapshotPrefix, snapshotsPrefix } from './keys.ts'
import { readManifest } from './manifest.ts'
import { checkRepository } from './repository.ts'
import { beginSnapshot } from './writer.ts'

/** How many manifests a listing reads at once. */
const manifestsAtOnce = 16

/**
 * A backend of the archive format (docs/snapshot-format.md) on any object store. It owns and disposes the store. With
 * `encryption`, every part that is written is encrypted; what was written before stays readable.
 */
export function archiveBackend(type: string, store: ObjectStore, encryption?: Encryption): BackupBackend {
  returnFreedMemory()
  const archive: Archive = { store, encryption }
  return {
    type,
    location: store.location,
    capabilities: {
      encrypts: encryption !== undefined,
      incremental: store.copy !== undefined,
      remote: store.remote,
    },
    ...(store.localDirectory === undefined ? {} : { localDirectory: store.localDirectory }),
    preflight: async (ctx) => {
      await store.preflight(ctx)
      await checkRepository(store, ctx)
      await encryption?.preflight()
    },
    begin: (draft, ctx) => beginSnapshot(archive, { ...draft, id: draft.id.toUpperCase() }, ctx),
    stat: (id, ctx) => readManifest(store, id, ctx),
    list: (ctx) => listSnapshots(store, ctx),
    reader: async (id, ctx) => snapshotReader(archive, await readManifest(store, id, ctx)),
    delete: (id, ctx) => deleteSnapshot(store, id, ctx),
    check: (id, level, ctx) => checkSnapshot(archive, id, level, ctx),
    collectGarbage: (ctx) => collectGarbage(store, ctx),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

async function* listSnapshots(store: ObjectStore, ctx: Context): AsyncGenerator<SnapshotManifest | DamagedSnapshot> {
  const waiting: Promise<SnapshotManifest | DamagedSnapshot>[] = []
  try {
    for await (const { key } of store.list(snapshotsPrefix, ctx)) {
      const parsed = parseKey(key)
      if (parsed?.rest !== 'manifest.json') continue
      const reading = readOrDamaged(store, parsed.id, ctx)
      reading.catch(() => undefined)
      waiting.push(reading)
      ctx.signal.throwIfAborted()
      if (waiting.length >= manifestsAtOnce) yield await (waiting.shift() as (typeof waiting)[number])
    }
    while (waiting.length > 0) {
      ctx.signal.throwIfAborted()
      yield await (waiting.shift() as (typeof waiting)[number])
    }
    ctx.signal.throwIfAborted()
  } finally {
    await Promise.allSettled(waiting)
  }
}

async function readOrDamaged(
  store: ObjectStore,
  id: string,
  ctx: Context,
): Promise<SnapshotManifest | DamagedSnapshot> {
  try {
    return await readManifest(store, id, ctx)
  } catch (error) {
    const readable = ['SNAPSHOT_CORRUPT', 'FORMAT_TOO_NEW', 'SNAPSHOT_NOT_FOUND'] as const
    if (!readable.some((code) => isAngeeError(error, code))) throw error
    return { damaged: true, id, problem: (error as Error).message }
  }
}

function snapshotReader(archive: Archive, manifest: SnapshotManifest): SnapshotReader {
  const find = (part: PartId, kind?: StoredPart['kind']): PartSource => {
    const stored = manifest.parts.find((one) => one.part === part && (kind ?? one.kind) === one.kind)
    if (stored) return { ...archive, key: partKey(manifest.id, stored), stored }
    throw new AngeeError('PART_UNKNOWN', `snapshot ${manifest.id} has no ${kind ?? 'part'} "${part}"`, {
      hint: `It has: ${manifest.parts.map((one) => one.part).join(', ')}.`,
    })
  }
  return {
    manifest,
    getTree: async (part, into, ctx) => {
      const source = find(part, 'tree')
      if (readdirSync(into).length > 0) throw new AngeeError('RESTORE_CONFLICT', `${into} is not empty`)
      await getTree(source, into, ctx)
    },
    getStream: async (part, ctx) => getStream(find(part, 'stream'), ctx),
    getFrames: async (part, ctx) => getFrames(find(part), ctx),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** The manifest goes first: from then on the snapshot is gone, whatever happens to the rest. */
async function deleteSnapshot(store: ObjectStore, id: string, ctx: Context): Promise<void> {
  await store.delete(manifestKey(id), ctx)
  for await (const { key } of store.list(snapshotPrefix(id), ctx)) await store.delete(key, ctx)
}
