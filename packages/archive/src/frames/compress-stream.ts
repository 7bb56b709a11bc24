import { Buffer } from 'node:buffer'
import type { Digested } from '@angee/core'
import { blocksInFlight, compressBlock } from './codec.ts'
import { digestCounter } from './counted.ts'

/** A block to compress. `release` is called as soon as its memory is no longer needed. */
export interface Block {
  bytes: Buffer
  release(): void
}

/**
 * Compresses blocks side by side and gives the frames in order. `raw` is what went in, once the frames have ended. No
 * block at all still gives one empty frame, so that `zstd -d` accepts the result.
 */
export function compressBlocks(blocks: AsyncIterable<Block>): { frames: AsyncGenerator<Buffer>; raw(): Digested } {
  const raw = digestCounter()
  async function* frames(): AsyncGenerator<Buffer> {
    const waiting: Promise<Buffer>[] = []
    try {
      let any = false
      for await (const { bytes, release } of blocks) {
        any = true
        const compressing = compressBlock(bytes)
        compressing.catch(() => undefined)
        // While the pool compresses the block, this thread digests it; its memory is given back when both are done.
        raw.add(bytes)
        compressing.then(release, release)
        waiting.push(compressing)
        if (waiting.length >= blocksInFlight) yield await (waiting.shift() as Promise<Buffer>)
      }
      if (!any) waiting.push(compressBlock(Buffer.alloc(0)))
      while (waiting.length > 0) yield await (waiting.shift() as Promise<Buffer>)
    } finally {
      await Promise.allSettled(waiting)
    }
  }
  return { frames: frames(), raw: raw.total }
}
