import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { ByteRange } from '@angee/archive'
import { AngeeError, type Context, isAngeeError } from '@angee/core'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { failureOf } from './failure.ts'
import type { Place } from './place.ts'
import { pause, request } from './request.ts'
import { answered, storeError } from './store-error.ts'

const attempts = 8

/** A range whose bytes are arriving. */
export interface OpenRange {
  range: ByteRange
  /** Names this version of the object. */
  etag: string | undefined
  /** The length of the whole object. */
  total: number
  body: Readable
}

/**
 * Asks for a range, which is cut where the object ends. With `etag` it must still be that version. BACKEND_FAILED when
 * the object was replaced, or when the server gives other bytes than it was asked for.
 */
export async function openRange(
  place: Place,
  name: string,
  { start, end }: ByteRange,
  etag: string | undefined,
  ctx: Context,
): Promise<OpenRange> {
  const input = { Bucket: place.bucket, Key: name, Range: `bytes=${start}-${end - 1}` }
  const condition = etag === undefined ? {} : { IfMatch: etag }
  const answer = await request(place, { purpose: `read ${name}`, access: 'read' }, ctx, (options) =>
    place.s3.send(new GetObjectCommand({ ...input, ...condition }), options),
  ).catch((error: unknown) => {
    throw answered(error, 412) ? replaced(name) : error
  })
  const body = answer.Body as unknown as Readable
  // An error may come before the first byte is asked for.
  body.on('error', () => {})
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? '') ?? []
  const range = { start: Number(from), end: Number(to) + 1 }
  const problem =
    total === undefined || range.start !== start || range.end !== Math.min(end, Number(total))
      ? wrongRange(place, name, `bytes ${start} to ${end}`, answer.ContentRange)
      : etag !== undefined && answer.ETag !== etag
        ? replaced(name)
        : undefined
  if (problem === undefined) return { range, etag: answer.ETag, total: Number(total), body }
  body.destroy()
  throw problem
}

/** All bytes of a range; where the body breaks off, it is asked for the rest. `first` is the range that is open already. */
export async function receiveRange(
  place: Place,
  name: string,
  range: ByteRange,
  first: OpenRange,
  ctx: Context,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(range.end - range.start)
  let filled = 0
  let failures = 0
  for (let body = range.start === first.range.start ? first.body : undefined; ; body = undefined) {
    const before = filled
    try {
      body ??= (await openRange(place, name, { start: range.start + filled, end: range.end }, first.etag, ctx)).body
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (chunk.length > buffer.length - filled) throw wrongRange(place, name, `${buffer.length} bytes`, 'more')
        buffer.set(chunk, filled)
        filled += chunk.length
        free(chunk)
      }
      if (filled === buffer.length) return buffer
      throw Object.assign(new Error('the answer ended early'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    } catch (error) {
      ctx.signal.throwIfAborted()
      if (isAngeeError(error)) throw error
      failures = filled > before ? 1 : failures + 1
      if (failures >= attempts) throw storeError(error, `read ${name}`, place.location, 'read')
      await pause(failures, `read ${name} from byte ${range.start + filled}: ${failureOf(error).message}`, ctx)
    }
  }
}

/** Gives memory back that nobody looks at any more: the collector alone would let hundreds of pieces pile up. */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

function replaced(name: string): AngeeError {
  return new AngeeError('BACKEND_FAILED', `${name} was replaced while it was read`, {
    hint: 'Run it again.',
    context: { name },
    retry: 'now',
  })
}

function wrongRange(place: Place, name: string, asked: string, got: string | undefined): AngeeError {
  return new AngeeError(
    'BACKEND_FAILED',
    `${place.location} was asked for ${asked} of ${name} and gave ${got ?? 'no range'}`,
    { hint: 'The server, or a proxy before it, does not keep to the range that is asked for.', context: { name } },
  )
}
