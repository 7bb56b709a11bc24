import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { treeTools } from '@angee/archive'
import {
  type BackupBackend,
  type Context,
  type PartId,
  type PutResult,
  type SnapshotDraft,
  type SnapshotManifest,
  snapshotFormat,
  type TreeSource,
  type TreeTools,
} from '@angee/core'
import { readAll, testContext, wholeStream } from '@angee/testkit'
import restic from '../../src/index.ts'
import type { ResticOptions } from '../../src/options.ts'
import { emptyRepository, password, program } from './repository.ts'

export interface Place {
  stackRoot: string
  /** The directory of the repository. */
  repository: string
}

/** A stack with an empty repository in it. */
export function placeIn(stackRoot: string): Place {
  const repository = join(stackRoot, 'backups')
  emptyRepository(repository)
  return { stackRoot, repository }
}

export function open(
  { stackRoot, repository }: Place,
  options: Partial<ResticOptions> = {},
  trees: TreeTools = treeTools,
): Promise<BackupBackend> {
  return restic.open({ options: { repository, password, program, ...options }, stackRoot, trees }, testContext())
}

/** A valid id, the same for the same number. */
export function idOf(number: number): string {
  return `01HQ3K5XYZABCDEFGH${String(number).padStart(8, '0')}`
}

export function draftOf(id: string): SnapshotDraft {
  return { id, createdAt: '2026-01-02T03:04:05.678Z', stack: { name: 'test', root: '/srv/test', host: 'host' } }
}

export function manifestOf(id: string, results: readonly PutResult[]): SnapshotManifest {
  return {
    format: snapshotFormat,
    ...draftOf(id),
    labels: {},
    finishedAt: '2026-01-02T03:04:06.789Z',
    status: 'complete',
    purpose: 'manual',
    tool: { name: 'test', version: '0.0.0' },
    parts: results.map(({ stored }) => stored),
    missing: [],
    excluded: [],
    warnings: results.flatMap(({ warnings }) => warnings),
  }
}

export type Content = Uint8Array | TreeSource | (() => Readable)

/** Stores all parts and commits. */
export async function take(
  backend: BackupBackend,
  id: string,
  contents: Readonly<Partial<Record<PartId, Content>>>,
  ctx: Context = testContext(),
): Promise<SnapshotManifest> {
  await using writer = await backend.begin(draftOf(id), ctx)
  const results: PutResult[] = []
  for (const [part, content] of Object.entries(contents) as [PartId, Content][]) {
    if ('directory' in content) results.push(await writer.putTree(part, content, ctx))
    else {
      const source = content instanceof Uint8Array ? () => wholeStream(content) : content
      results.push(await writer.putStream(part, source, ctx))
    }
  }
  const manifest = manifestOf(id, results)
  await writer.commit(manifest, ctx)
  return manifest
}

/** The bytes of a stream part. */
export async function streamOf(backend: BackupBackend, id: string, part: PartId): Promise<Buffer> {
  await using reader = await backend.reader(id, testContext())
  return await readAll(await reader.getStream(part, testContext()))
}

export async function restore(
  backend: BackupBackend,
  id: string,
  part: PartId,
  into: string,
  ctx: Context = testContext(),
): Promise<void> {
  await using reader = await backend.reader(id, ctx)
  await reader.getTree(part, into, ctx)
}

/** The parts of a report that are not whole. */
export async function badParts(backend: BackupBackend, id: string, level: 'quick' | 'full'): Promise<string[]> {
  const report = await backend.check?.(id, level, testContext())
  return report?.parts.filter(({ ok }) => !ok).map(({ part }) => part) ?? ['no report']
}
