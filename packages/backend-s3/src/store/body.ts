import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { untilAborted } from './until-aborted.ts'

/** Gives the bytes of a body in pieces of the size that is asked for. */
export interface BodyReader {
  /** Fills `buffer`, or less of it where the body ends. Resolves with the count. Rejects as the body does. */
  fill(buffer: Buffer): Promise<number>
}

/** Reads a body from its beginning. A body that closes before its end makes `fill` reject. */
export function readerOf(body: Readable | Uint8Array, signal: AbortSignal): BodyReader {
  const chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array> =
    body instanceof Uint8Array ? [body][Symbol.iterator]() : body[Symbol.asyncIterator]()
  let left: Uint8Array = Buffer.of()
  return {
    async fill(buffer) {
      let filled = 0
      while (filled < buffer.length) {
        if (left.length === 0) {
          // A body whose producer hangs may be deaf to being destroyed; the put ends all the same.
          const next = await untilAborted(Promise.resolve(chunks.next()), signal)
          if (next.done) return filled
          left = next.value
        }
        const piece = left.subarray(0, buffer.length - filled)
        buffer.set(piece, filled)
        filled += piece.length
        left = left.subarray(piece.length)
      }
      return filled
    },
  }
}

/**
 * Destroys a body when the signal aborts, and in any case at the end: a failed put must not leave its producer waiting.
 * An error of the body is listened for from the start, because it may come before the first byte is asked for.
 */
export function stopWith(signal: AbortSignal, body: Readable | Uint8Array): Disposable {
  if (body instanceof Uint8Array) return { [Symbol.dispose]: () => {} }
  const stop = () => void body.destroy(signal.reason)
  body.on('error', () => {})
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', stop)
      body.destroy()
    },
  }
}
