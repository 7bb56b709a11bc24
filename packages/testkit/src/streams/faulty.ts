import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const usualChunk = 64 * 1024

/** A well-behaved stream of `bytes` in chunks of `size` bytes (64 KiB unless told). */
export function wholeStream(bytes: Uint8Array, size = usualChunk): Readable {
  return Readable.from(slices(bytes, size), { objectMode: false })
}

/** The same bytes in chunks of `size` bytes, one by one unless told: finds code that takes a chunk for a message. */
export function shortChunks(bytes: Uint8Array, size = 1): Readable {
  return wholeStream(bytes, size)
}

/** Delivers every chunk after a pause of `milliseconds`, and ends properly. */
export function slowStream(bytes: Uint8Array, size: number, milliseconds: number): Readable {
  return Readable.from(
    (async function* () {
      for (const slice of slices(bytes, size)) {
        await sleep(milliseconds)
        yield slice
      }
    })(),
    { objectMode: false },
  )
}

/** Delivers the first `length` bytes, then closes with neither an end nor an error, as a dying socket does. */
export function cutStream(bytes: Uint8Array, length: number): Readable {
  return deliverThen(bytes.subarray(0, length), (stream) => stream.destroy())
}

/** Delivers the first `length` bytes, then fails with exactly `error`. */
export function erroringStream(bytes: Uint8Array, length: number, error: Error): Readable {
  return deliverThen(bytes.subarray(0, length), (stream) => stream.destroy(error))
}

/**
 * Delivers the first `length` bytes, then nothing for ever, until it is destroyed: for tests that cancel. It emits
 * `stalled` once all it has was taken and more is asked for.
 */
export function stalledStream(bytes: Uint8Array, length: number): Readable {
  return deliverThen(bytes.subarray(0, length), (stream) => stream.emit('stalled'))
}

/** Calls `then` once everything before it has been taken out of the stream: a destroyed one drops what it still held. */
function deliverThen(bytes: Uint8Array, then: (stream: Readable) => void): Readable {
  const remaining = slices(bytes, usualChunk)
  return new Readable({
    highWaterMark: 1,
    read() {
      const next = remaining.next()
      if (!next.done) this.push(next.value)
      else setImmediate(() => then(this))
    },
  })
}

function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
