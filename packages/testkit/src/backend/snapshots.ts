import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import {
  type BackupBackend,
  type Context,
  type ErrorCode,
  isAngeeError,
  type PartId,
  type SnapshotDraft,
  type SnapshotManifest,
  type StoredPart,
  snapshotFormat,
  type TreeSource,
} from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { collect, readAll, wholeStream } from '../streams/index.ts'
import type { Bench } from './fixture.ts'

/** A valid id, the same for the same number; ids of greater numbers sort behind. */
export function idOf(number: number): string {
  return `01HQ3K5XYZABCDEFGH${String(number).padStart(8, '0')}`
}

export function draftOf(id: string): SnapshotDraft {
  return { id, createdAt: '2026-01-02T03:04:05.678Z', stack: { name: 'suite', root: '/srv/suite', host: 'host' } }
}

/** A manifest with something in every field, letters beyond ASCII among it. */
export function manifestOf(id: string, parts: StoredPart[]): SnapshotManifest {
  return {
    format: snapshotFormat,
    ...draftOf(id),
    name: 'before the migration — naïve 名前 🗄',
    labels: { reason: 'suite', 'with space': '"quoted"\n' },
    finishedAt: '2026-01-02T03:04:06.789Z',
    status: 'complete',
    purpose: 'manual',
    tool: { name: 'testkit', version: '0.0.0' },
    parts,
    missing: [],
    excluded: [{ part: 'persist/data', path: 'data/pg', reason: 'covered' }],
    warnings: [{ part: 'persist/data', kind: 'not-kept', message: 'a socket', path: 'run\\xff' }],
  }
}

/** What is to be stored under one part. */
export type PartContent = Uint8Array | TreeSource | (() => Readable)

/** Stores all parts, one after the other, and commits. Gives the manifest as committed. */
export async function takeSnapshot(
  backend: BackupBackend,
  id: string,
  contents: Readonly<Record<string, PartContent>>,
  ctx: Context = testContext(),
): Promise<SnapshotManifest> {
  await using writer = await backend.begin(draftOf(id), ctx)
  const parts: StoredPart[] = []
  for (const [part, content] of Object.entries(contents) as [PartId, PartContent][]) {
    const put =
      'directory' in content ? writer.putTree(part, content, ctx) : writer.putStream(part, opener(content), ctx)
    parts.push((await put).stored)
  }
  const manifest = manifestOf(id, parts)
  await writer.commit(manifest, ctx)
  return manifest
}

function opener(content: Uint8Array | (() => Readable)): () => Readable {
  return content instanceof Uint8Array ? () => wholeStream(content) : content
}

/** The bytes of a stream part. */
export async function streamOf(backend: BackupBackend, id: string, part: PartId): Promise<Buffer> {
  const ctx = testContext()
  await using reader = await backend.reader(id, ctx)
  return await readAll(await reader.getStream(part, ctx))
}

/** Where a tree part has been extracted, in a directory of the case. */
export async function restoredTree({ backend, emptyDirectory }: Bench, id: string, part: PartId): Promise<string> {
  const into = await emptyDirectory()
  await using reader = await backend.reader(id, testContext())
  await reader.getTree(part, into, testContext())
  return into
}

/** The ids a listing yields, sorted. Fails when one is yielded as damaged. */
export async function idsOf(backend: BackupBackend): Promise<string[]> {
  const listed = await collect(backend.list(testContext()))
  for (const each of listed) assert.ok(!('damaged' in each), `${each.id} is listed as damaged`)
  return listed.map(({ id }) => id).sort()
}

/** Fails unless the snapshot is nowhere to be seen. */
export async function assertInvisible(backend: BackupBackend, id: string): Promise<void> {
  const listed = await collect(backend.list(testContext()))
  assert.ok(!listed.some((each) => each.id.toUpperCase() === id), `list shows ${id}`)
  await assertCode(backend.stat(id, testContext()), 'SNAPSHOT_NOT_FOUND')
  await assertCode(backend.reader(id, testContext()), 'SNAPSHOT_NOT_FOUND')
}

/** Fails unless `promise` rejects with an AngeeError of one of these codes. */
export async function assertCode(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isAngeeError(error), `expected an AngeeError ${codes.join(' or ')}, got ${String(error)}`)
    assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
    return true
  })
}

/** Fails unless `promise` rejects with exactly `reason`. */
export async function assertRejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(error, reason)
    return true
  })
}
