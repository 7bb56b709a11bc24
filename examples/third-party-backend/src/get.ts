import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { ByteRange } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { failure, type Purpose, refusal } from './errors.ts'
import { checkKey, notFound } from './keys.ts'
import { look } from './look.ts'
import { discard, type Server } from './server.ts'

/** See ObjectStore.head. */
export async function headObject(server: Server, key: string, ctx: Context): Promise<{ bytes: number } | undefined> {
  checkKey(key)
  ctx.signal.throwIfAborted()
  const purpose: Purpose = { text: `look at the object ${key}`, writes: false }
  const found = await look(server, key, purpose, ctx.signal)
  if (found === undefined || found.isCollection) return undefined
  if (found.bytes !== undefined) return { bytes: found.bytes }
  throw new AngeeError('BACKEND_FAILED', `${server.url} does not say how long ${key} is`, { context: { key } })
}

/** See ObjectStore.get. */
export async function getObject(
  server: Server,
  key: string,
  range: ByteRange | undefined,
  ctx: Context,
): Promise<Readable> {
  // Servers answer a GET of a collection with a page that lists it: so first of all what is there.
  const found = await headObject(server, key, ctx)
  if (found === undefined) throw notFound(key)
  if (range !== undefined && range.end > found.bytes) {
    throw new AngeeError('BACKEND_FAILED', `${key} ends before byte ${range.end}`, { context: { key, ...range } })
  }
  if (range !== undefined && range.start === range.end) return Readable.from([])
  const purpose: Purpose = { text: `get the object ${key}`, writes: false }
  const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }
  try {
    const reply = await server.open({ method: 'GET', path: key, headers }, ctx.signal)
    const { statusCode: status = 0 } = reply
    if (status === (range === undefined ? 200 : 206)) {
      const whole = Number(reply.headers['content-length'] ?? found.bytes)
      const expected = range === undefined ? whole : range.end - range.start
      return bodyOf(reply, expected, ctx.signal, (error) => failure(server, purpose, error, ctx.signal))
    }
    await discard(reply)
    if (status === 404) throw notFound(key)
    throw refusal(server, purpose, status)
  } catch (error) {
    throw failure(server, purpose, error, ctx.signal)
  }
}

/** The body of a reply as a stream that errors when it is shorter or longer than `expected`, or the signal aborts. */
function bodyOf(
  reply: IncomingMessage,
  expected: number,
  signal: AbortSignal,
  failed: (error: unknown) => unknown,
): Readable {
  async function* counted(): AsyncGenerator<Uint8Array> {
    let bytes = 0
    try {
      for await (const chunk of reply) {
        bytes += chunk.length
        if (bytes <= expected) yield chunk
      }
    } catch (error) {
      throw failed(error)
    }
    if (bytes !== expected) throw failed(new Error(`${bytes} bytes arrived where there are ${expected}`))
  }
  const body = Readable.from(counted(), { objectMode: false })
  const stop = () => body.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  // Whoever reads it learns of an error by reading; one that nobody reads must not end the process.
  body.on('error', () => undefined)
  body.on('close', () => {
    signal.removeEventListener('abort', stop)
    // A generator that waits for a server that hangs cannot do it.
    reply.destroy()
  })
  return body
}
