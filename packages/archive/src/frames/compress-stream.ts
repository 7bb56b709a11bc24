import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Digested } from '@angee/core'
import { blocksInFlight, compressBlock } from './codec.ts'

/** A block to compress. `release` is called as soon as its memory is no longer needed. */
export interface Block {
  bytes: Buffer
  release(): void
}

/**
 * Compresses blocks side by side and gives the frames in order. `raw` and `stored` are what went in and what came out,
 * once the frames have ended. No block at all still gives one empty frame, so that `zstd -d` accepts the result.
 */
export function compressBlocks(blocks: AsyncIterable<Block>): {
  frames: AsyncGenerator<Buffer>
  raw: () => Digested
  stored: () => Digested
} {
  const raw = counter()
  const stored = counter()
  async function* frames(): AsyncGenerator<Buffer> {
    const waiting: Promise<Buffer>[] = []
    const next = async (): Promise<Buffer> => {
      const frame = await (waiting.shift() as Promise<Buffer>)
      stored.add(frame)
      return frame
    }
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
        if (waiting.length >= blocksInFlight) yield await next()
      }
      if (!any) waiting.push(compressBlock(Buffer.alloc(0)))
      while (waiting.length > 0) yield await next()
    } finally {
      await Promise.allSettled(waiting)
    }
  }
  return { frames: frames(), raw: raw.result, stored: stored.result }
}

function counter(): { add(bytes: Buffer): void; result: () => Digested } {
  const digest = createHash('sha256')
  let bytes = 0
  return {
    add: (piece) => {
      digest.update(piece)
      bytes += piece.length
    },
    result: () => ({ bytes, digest: `sha256:${digest.digest('hex')}` }),
  }
}
