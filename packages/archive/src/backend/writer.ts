import { Buffer } from 'node:buffer'
import { hostname } from 'node:os'
import type { Context, PartId, PutResult, SnapshotDraft, SnapshotManifest, SnapshotWriter } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { ObjectStore } from '../object-store/object-store.ts'
import type { WritingMark } from './garbage.ts'
import { sealedJson } from './json.ts'
import { manifestKey, partKey, writingKey } from './keys.ts'
import { putStream, putTree } from './put.ts'
import { ensureRepository } from './repository.ts'

/** Starts a snapshot: marks it as being written. */
export async function beginSnapshot(store: ObjectStore, { id }: SnapshotDraft, ctx: Context): Promise<SnapshotWriter> {
  await ensureRepository(store, ctx)
  if ((await store.head(manifestKey(id), ctx)) !== undefined) throw alreadyThere(id)
  const mark: WritingMark = { host: hostname(), pid: process.pid, since: new Date(ctx.clock.now()).toISOString() }
  await store.put(writingKey(id), Buffer.from(JSON.stringify(mark)), { ifAbsent: true }, ctx)
  const started = new Set<string>()
  const stored = new Set<string>()
  let committed = false

  /** Only what this writer has stored may be deleted when it gives up: another may have come first. */
  const put = async (
    part: PartId,
    kind: 'tree' | 'stream',
    store: (key: string) => Promise<PutResult>,
  ): Promise<PutResult> => {
    const key = partKey(id, part, kind)
    if (started.has(key)) throw new AngeeError('INTERNAL', `${part} was put twice`)
    started.add(key)
    const result = await store(key)
    stored.add(key)
    return result
  }
  return {
    putTree: (part, tree, own) => put(part, 'tree', (key) => putTree(store, key, part, tree, own)),
    putStream: (part, open, own) => put(part, 'stream', (key) => putStream(store, key, part, open, own)),
    commit: async (manifest, own) => {
      refuseForeignParts(id, manifest, stored)
      await store.put(manifestKey(id), sealedJson(manifest), { ifAbsent: true }, own)
      committed = true
      // The mark means nothing beside a manifest; if it cannot be removed now, nothing is lost.
      await store.delete(writingKey(id), own).catch(() => undefined)
    },
    [Symbol.asyncDispose]: async () => {
      if (committed) return
      const always: Context = { ...ctx, signal: new AbortController().signal }
      // What cannot be removed now is garbage, and swept by the next run.
      for (const key of [...stored, writingKey(id)]) await store.delete(key, always).catch(() => undefined)
    },
  }
}

function refuseForeignParts(id: string, manifest: SnapshotManifest, keys: ReadonlySet<string>): void {
  const wrong = manifest.parts.find(({ part, kind }) => !keys.has(partKey(id, part, kind)))
  if (manifest.id !== id || wrong) {
    throw new AngeeError(
      'INTERNAL',
      `the manifest of ${manifest.id} names ${wrong?.part ?? 'another id'}, which was not put under ${id}`,
    )
  }
}

function alreadyThere(id: string): AngeeError {
  return new AngeeError('OBJECT_EXISTS', `snapshot ${id} exists already`, {
    hint: 'An id is used once. Take another snapshot.',
  })
}
