import { Readable } from 'node:stream'
import { readAll } from '../streams/index.ts'

/** All bytes of a stream. Rejects with its error, or with the signal's reason. */
export async function receive(body: Readable, signal: AbortSignal): Promise<Uint8Array> {
  using _ = destroyOnAbort(body, signal)
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    // A body whose producer hangs may be deaf to being destroyed.
    return await Promise.race([readAll(body), aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** A stream of bytes that errors with the signal's reason when it aborts. */
export function send(bytes: Uint8Array, signal: AbortSignal): Readable {
  let position = 0
  const stream = new Readable({
    read(size) {
      const next = bytes.subarray(position, position + size)
      position += next.length
      this.push(next.length === 0 ? null : Uint8Array.from(next))
    },
  })
  const watch = destroyOnAbort(stream, signal)
  stream.once('close', () => watch[Symbol.dispose]())
  return stream
}

function destroyOnAbort(stream: Readable, signal: AbortSignal): Disposable {
  const abort = () => void stream.destroy(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) }
}
