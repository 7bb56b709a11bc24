import { Buffer } from 'node:buffer'
import { hostname } from 'node:os'
import type { Context, PartId, PutResult, SnapshotDraft, SnapshotManifest, SnapshotWriter } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { Archive } from './archive.ts'
import type { WritingMark } from './garbage.ts'
import { sealedJson } from './json.ts'
import { manifestKey, type PartPlace, partKey, writingKey } from './keys.ts'
import { type PartTarget, putMadeFrames, putStream, putTree } from './put.ts'
import { ensureRepository } from './repository.ts'
import { reuseTree } from './reuse.ts'

/** Starts a snapshot: marks it as being written. */
export async function beginSnapshot(archive: Archive, { id }: SnapshotDraft, ctx: Context): Promise<SnapshotWriter> {
  const { store, encryption } = archive
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
    store: (target: PartTarget) => Promise<PutResult>,
  ): Promise<PutResult> => {
    const key = partKey(id, { part, kind, encryption })
    if (started.has(key)) throw new AngeeError('INTERNAL', `${part} was put twice`)
    started.add(key)
    const result = await store({ ...archive, key, part })
    stored.add(key)
    return result
  }
  return {
    putTree: (part, tree, own) =>
      put(part, 'tree', async (target) => (await reuseTree(target, tree, own)) ?? putTree(target, tree, own)),
    putStream: (part, open, own) => put(part, 'stream', (target) => putStream(target, open, own)),
    putFrames: (made, open, own) => put(made.part, made.kind, (target) => putMadeFrames(target, made, open, own)),
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
  const wrong = manifest.parts.find((part: PartPlace) => !keys.has(partKey(id, part)))
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
