import { join } from 'node:path'
import { pipeline, type Readable, Transform } from 'node:stream'
import type { Context, SnapshotReader, SnapshotWriter, StoredPart, TreeTools } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { contentOf } from './content.ts'

/** Where trees are put down between two backends that share no form of them. */
export interface TransferArea {
  /** Absolute path of a directory that belongs to this transfer alone. Made when it is needed. */
  directory: string
  files: Files
  trees: TreeTools
}

/**
 * Stores one part again and gives how it lies now. Frames go from one archive to another as they are; anything else is
 * read as what it is, a stream or a tree. It must come out with the digest it had: PART_FAILED, SNAPSHOT_CORRUPT.
 */
export async function transferPart(
  reader: SnapshotReader,
  writer: SnapshotWriter,
  part: StoredPart,
  area: TransferArea,
  ctx: Context,
): Promise<StoredPart> {
  const stored = await store(reader, writer, part, area, ctx)
  if (contentOf(stored) === contentOf(part)) return stored
  throw new AngeeError('PART_FAILED', `${part.part} came out different: ${contentOf(stored)}, not ${contentOf(part)}`, {
    hint:
      part.kind === 'tree'
        ? `It is put down in ${area.directory} on its way: that needs root where files have several owners, and a file system that keeps owners, modes and times.`
        : 'One of the two backends does not give back what it was given. Verify both.',
    context: { part: part.part },
  })
}

async function store(
  reader: SnapshotReader,
  writer: SnapshotWriter,
  part: StoredPart,
  area: TransferArea,
  ctx: Context,
): Promise<StoredPart> {
  if (reader.getFrames && writer.putFrames) {
    const made = part.encryption?.compressed ?? part.stored
    using source = watched(await reader.getFrames(part.part, ctx), part, made.bytes, ctx)
    return (await writer.putFrames(part, () => source.stream, ctx)).stored
  }
  if (part.kind === 'stream') {
    using source = watched(await reader.getStream(part.part, ctx), part, part.raw.bytes, ctx)
    return (await writer.putStream(part.part, () => source.stream, ctx)).stored
  }
  return storeTree(reader, writer, part, area, ctx)
}

async function storeTree(
  reader: SnapshotReader,
  writer: SnapshotWriter,
  { part, raw }: StoredPart,
  { directory, files, trees }: TransferArea,
  ctx: Context,
): Promise<StoredPart> {
  const staged = join(directory, part)
  await files.makeDirectory(staged)
  const half = (before: number): Context => ({
    ...ctx,
    onProgress: (event) =>
      ctx.onProgress(
        event.type === 'part' ? { ...event, bytes: before + event.bytes, totalBytes: 2 * raw.bytes } : event,
      ),
  })
  await reader.getTree(part, staged, half(0))
  const { stored } = await writer.putTree(part, trees.source(staged, []), half(raw.bytes))
  await trees.remove(staged)
  return stored
}

/** The same bytes, the same error, the same early end; what passes is told of. Disposing ends both streams. */
function watched(
  source: Readable,
  { part }: StoredPart,
  totalBytes: number,
  ctx: Context,
): Disposable & { stream: Readable } {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      ctx.onProgress({ type: 'part', part, state: 'progress', bytes, totalBytes })
      done(null, chunk)
    },
  })
  // Whoever reads `stream` is given the error; it may come before there is such a one.
  stream.on('error', () => undefined)
  pipeline(source, stream, () => undefined)
  return {
    stream,
    [Symbol.dispose]: () => {
      source.destroy()
      stream.destroy()
    },
  }
}
