import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ExportContents, nodeFiles, type PartId, type SnapshotManifest } from '@angee/core'
import { archiveBackend, createExport, treeTools } from '../../src/index.ts'
import { testContext } from './context.ts'
import { memoryStore } from './memory-store.ts'
import { id, manifestOf } from './snapshots.ts'
import { temporary } from './temporary.ts'

/** An export of one small tree and one small stream, and the manifest in it. */
export async function smallExport(): Promise<{ path: string; bytes: Buffer; manifest: SnapshotManifest }> {
  const directory = temporary()
  mkdirSync(join(directory, 'tree'))
  writeFileSync(join(directory, 'tree/file'), 'content of a file')
  const ctx = testContext()
  const source = archiveBackend('memory', memoryStore())
  {
    await using writer = await source.begin(manifestOf([]), ctx)
    const tree = await writer.putTree('persist/data', treeTools.source(join(directory, 'tree'), []), ctx)
    const stream = await writer.putStream('service/db', () => Readable.from([Buffer.from('rows')]), ctx)
    await writer.commit(manifestOf([tree.stored, stream.stored]), ctx)
  }
  await using reader = await source.reader(id, ctx)
  const { manifest } = reader
  const path = join(directory, 'small.tar')
  const target = { path, force: false }
  await using file = await createExport(target, contentsOf(manifest, join(directory, 'spool')), ctx)
  await using writer = await file.backend.begin(manifest, ctx)
  for (const part of manifest.parts) {
    const frames = (await reader.getFrames?.(part.part, ctx)) as Readable
    await writer.putFrames?.(part, () => frames, ctx)
  }
  await writer.commit(manifest, ctx)
  await file.finish(ctx)
  return { path, bytes: await readFile(path), manifest }
}

function contentsOf(manifest: SnapshotManifest, spool: string): ExportContents {
  return {
    manifest,
    definition: 'name: shop\n',
    exportedAt: '2026-01-02T03:04:05.678Z',
    tool: { name: 'angee', version: '0.0.0' },
    host: 'here',
    lengths: new Map(manifest.parts.map(({ part, stored }): [PartId, number] => [part, stored.bytes])),
    spool,
  }
}

/** Writes bytes to a file of their own. */
export async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(temporary(), 'file.tar')
  await nodeFiles.writeDurably(path, bytes)
  return path
}
