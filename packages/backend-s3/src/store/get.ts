import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import type { ByteRange } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { nameOf, notFound } from './key.ts'
import { lookUp } from './look-up.ts'
import type { Place } from './place.ts'
import { type OpenRange, openRange, receiveRange } from './range.ts'
import { answered, answeredWith } from './store-error.ts'

/** What one request asks for. */
const rangeBytes = 8 * 1024 * 1024

/** See ObjectStore.get: ranges of 8 MiB, several in flight, given in their order. */
export async function getObject(
  place: Place,
  key: string,
  range: ByteRange | undefined,
  ctx: Context,
): Promise<Readable> {
  const name = nameOf(place, key)
  ctx.signal.throwIfAborted()
  const start = range?.start ?? 0
  if (range && range.start >= range.end) return await emptyRange(place, key, range, ctx)

  const stopping = new AbortController()
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, stopping.signal]) }
  const first = await openFirst(place, key, start, Math.min(range?.end ?? Infinity, start + rangeBytes), own)
  if (first === undefined) return await emptyRange(place, key, { start, end: range?.end ?? start }, ctx)
  const end = range?.end ?? first.total
  if (end > first.total) {
    stopping.abort()
    first.body.destroy()
    throw beyondEnd(place, name, { start, end }, first.total)
  }
  return streamOf(inOrder(place, name, first, end, stopping, own), stopping, ctx)
}

/** Undefined where the range begins behind the end, as it does in an empty object. */
async function openFirst(
  place: Place,
  key: string,
  start: number,
  end: number,
  ctx: Context,
): Promise<OpenRange | undefined> {
  try {
    return await openRange(place, place.prefix + key, { start, end }, undefined, ctx)
  } catch (error) {
    if (answered(error, 416)) return undefined
    if (answeredWith(error, 'NoSuchKey', 'NotFound')) throw notFound(key)
    throw error
  }
}

/** The bytes of `first` and of what follows up to `end`. */
async function* inOrder(
  place: Place,
  name: string,
  first: OpenRange,
  end: number,
  stopping: AbortController,
  ctx: Context,
): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = []
  let next = first.range.start
  const startMore = (): void => {
    while (next < end && running.length < place.options.concurrency) {
      const range = { start: next, end: Math.min(end, next + rangeBytes) }
      const receiving = receiveRange(place, name, range, first, ctx)
      receiving.catch(() => undefined)
      running.push(receiving)
      next = range.end
    }
  }
  try {
    startMore()
    while (running.length > 0) {
      const bytes = (await running.shift()) as Buffer
      startMore()
      yield bytes
    }
  } finally {
    stopping.abort()
    await Promise.allSettled(running)
  }
}

/** Ends the requests when the reader stops, and errors with the signal's reason when that aborts. */
function streamOf(pieces: AsyncGenerator<Buffer>, stopping: AbortController, { signal }: Context): Readable {
  const stream = Readable.from(pieces, { objectMode: false, highWaterMark: 1 })
  const abort = (): void => void stream.destroy(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  stream.once('close', () => {
    signal.removeEventListener('abort', abort)
    stopping.abort()
  })
  if (signal.aborted) abort()
  return stream
}

async function emptyRange(place: Place, key: string, range: ByteRange, ctx: Context): Promise<Readable> {
  const name = place.prefix + key
  const found = await lookUp(place, name, ctx)
  if (!found) throw notFound(key)
  if (range.start !== range.end || range.end > found.bytes) throw beyondEnd(place, name, range, found.bytes)
  return Readable.from(Buffer.of(), { objectMode: false })
}

function beyondEnd(place: Place, name: string, { start, end }: ByteRange, bytes: number): AngeeError {
  return new AngeeError(
    'BACKEND_FAILED',
    `bytes ${start} to ${end} of ${name} were asked for, and it has ${bytes} in ${place.location}`,
    { hint: 'Verify the snapshot: the object is shorter than it was.', context: { start, end, bytes } },
  )
}
