import type { Writable } from 'node:stream'
import type { Context, ExportContents, ExportFile } from '@angee/core'
import { archiveBackend } from '../backend/archive-backend.ts'
import { partKey } from '../backend/keys.ts'
import { fileSink } from './file-sink.ts'
import { leadingDocuments } from './layout.ts'
import { openExport } from './open.ts'
import { type ExportSink, streamSink } from './sink.ts'
import { writeStore } from './write-store.ts'
import { tarWriter } from './writer.ts'

/** A path, with leave to replace what is there, or a stream that is not ended. */
export type ExportTarget = { path: string; force: boolean } | { stream: Writable; name: string }

/** Begins an export file: all that stands before the parts is written. See `ExportFile`. */
export async function createExport(target: ExportTarget, contents: ExportContents, ctx: Context): Promise<ExportFile> {
  await using cleanup = new AsyncDisposableStack()
  const sink = cleanup.use(await openSink(target, ctx))
  const tar = tarWriter(sink, Math.floor(Date.parse(contents.exportedAt) / 1000))
  const documents = leadingDocuments(contents)
  for (const [name, bytes] of documents) await tar.add(name, bytes, ctx)
  const { id, parts } = contents.manifest
  const lengths = new Map(
    parts.flatMap(({ part, kind }) => {
      const length = contents.lengths.get(part)
      return length === undefined ? [] : [[partKey(id, { part, kind }), length] as const]
    }),
  )
  const store = writeStore({
    tar,
    location: sink.location,
    snapshot: id,
    documents: new Map(documents),
    lengths,
    spool: contents.spool,
  })
  const kept = cleanup.move()
  return {
    backend: archiveBackend('export', store),
    finish: async (own) => {
      const whole = await tar.end(own)
      await sink.finish(own)
      return whole
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function openSink(target: ExportTarget, ctx: Context): Promise<ExportSink> {
  if ('stream' in target) return streamSink(target.stream, target.name)
  // It is opened as it will be when it is imported, before it gets its name.
  const check = async (written: string, own: Context): Promise<void> => {
    await using _file = await openExport(written, own)
  }
  return fileSink(target.path, target.force, check, ctx)
}
