import type { Buffer } from 'node:buffer'
import { blocksInFlight, decompressFrame } from './codec.ts'
import { splitFrames } from './parse.ts'

/** The raw blocks of a stored stream, in order, decompressed side by side. ARCHIVE_CORRUPT. */
export async function* decompressBlocks(stored: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = []
  try {
    for await (const frame of splitFrames(stored)) {
      const decompressing = decompressFrame(frame)
      decompressing.catch(() => undefined)
      waiting.push(decompressing)
      if (waiting.length >= blocksInFlight) yield await (waiting.shift() as Promise<Buffer>)
    }
    while (waiting.length > 0) yield await (waiting.shift() as Promise<Buffer>)
  } finally {
    await Promise.allSettled(waiting)
  }
}
