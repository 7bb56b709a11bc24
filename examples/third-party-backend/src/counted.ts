import { Readable } from 'node:stream'

/** What is handed to the server, and how much of it there was. */
export interface Counted {
  body: Uint8Array | Readable
  bytes: number
  whole: boolean
  /** What the body itself failed with. */
  failed?: { error: unknown }
}

/** Counts a body while it is sent. */
export function countedBody(body: Readable | Uint8Array): Counted {
  return body instanceof Uint8Array ? { body, bytes: body.length, whole: true } : countedStream(body)
}

function countedStream(body: Readable): Counted {
  // It may fail before its turn has come; it is then told by whoever reads it.
  body.on('error', () => undefined)
  const counted: Counted = { body: Readable.from(count(), { objectMode: false }), bytes: 0, whole: false }
  async function* count(): AsyncGenerator<Uint8Array> {
    const chunks = body[Symbol.asyncIterator]()
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        counted.failed = { error }
        throw error
      })
      if (next.done) break
      counted.bytes += next.value.length
      yield next.value
    }
    counted.whole = true
  }
  return counted
}
