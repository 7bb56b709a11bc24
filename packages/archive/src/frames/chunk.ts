import { Buffer } from 'node:buffer'
import { finished, type Readable } from 'node:stream'
import { AngeeError } from '@angee/core/errors'
import { blockBytes } from '../tree/ring.ts'
import type { Block } from './compress-stream.ts'

/**
 * Fills fixed-size blocks from a stream. Throws the stream's own error, and also when it closes before its end: an
 * async iterator alone would take a destroyed stream for a finished one.
 */
export async function* blocksOf(stream: Readable): AsyncGenerator<Block> {
  let closedEarly: Error | undefined
  finished(stream, { writable: false }, (error) => {
    closedEarly = error ?? undefined
  })
  let block = Buffer.allocUnsafeSlow(blockBytes)
  let used = 0
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(block, used, at)
      used += copied
      at += copied
      if (used < blockBytes) continue
      yield { bytes: block, release: () => undefined }
      block = Buffer.allocUnsafeSlow(blockBytes)
      used = 0
    }
  }
  if (closedEarly) throw closedEarly
  if (!stream.readableEnded) throw new AngeeError('PART_FAILED', 'the stream closed before its end')
  if (used > 0) yield { bytes: block.subarray(0, used), release: () => undefined }
}
