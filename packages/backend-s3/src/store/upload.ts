import { Buffer } from 'node:buffer'
import { AngeeError, type Context } from '@angee/core'
import { type CompletedPart, UploadPartCommand } from '@aws-sdk/client-s3'
import { digestHeader } from './attributes.ts'
import type { BodyReader } from './body.ts'
import { newMarker } from './look-up.ts'
import { abortUpload, beginUpload, forgetUpload, type Upload } from './multipart.ts'
import { mostParts, partBytes, partsAtOnce } from './part-sizes.ts'
import type { Place } from './place.ts'
import { publishUpload } from './publish.ts'
import { request } from './request.ts'
import { untilAborted } from './until-aborted.ts'

/** A body that is being read, and its first part, which is full. */
interface BegunBody {
  reader: BodyReader
  first: Buffer
}

/**
 * Stores a body of unknown length by a multipart upload, several parts in flight. On failure the upload is aborted
 * before this rejects: with the body's own error, the signal's reason, or the store's error.
 */
export async function uploadInParts(
  place: Place,
  key: string,
  body: BegunBody,
  ifAbsent: boolean,
  ctx: Context,
): Promise<{ bytes: number }> {
  const checksums = place.options.checksums === 'when_supported'
  const bytes = body.first.length
  const upload = await beginUpload(place, place.prefix + key, newMarker(ctx), { bytes, checksums }, ctx)
  try {
    const sent = await sendParts(place, upload, body, ctx)
    await publishUpload(place, key, upload, sent, ifAbsent, ctx)
    await forgetUpload(place, upload, ctx)
    return { bytes: sent.bytes }
  } catch (error) {
    await abortUpload(place, upload, ctx)
    throw error
  }
}

/** Reads and sends parts side by side. When it settles no part is in flight any more. */
async function sendParts(
  place: Place,
  upload: Upload,
  { reader, first }: BegunBody,
  ctx: Context,
): Promise<{ parts: CompletedPart[]; bytes: number }> {
  const failing = new AbortController()
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, failing.signal]) }
  const running = new Set<Promise<void>>()
  const spare: Buffer[] = []
  const parts: CompletedPart[] = []
  let bytes = 0

  const start = (number: number, buffer: Buffer, filled: number): void => {
    const sending = sendPart(place, upload, number, buffer.subarray(0, filled), own)
      .then((part) => {
        parts.push(part)
        // The server has answered, so nothing reads this memory any more.
        spare.push(buffer)
      })
      .catch((error: unknown) => failing.abort(error))
      .finally(() => running.delete(sending))
    running.add(sending)
  }

  try {
    start(1, first, first.length)
    bytes = first.length
    for (let number = 2; ; number += 1) {
      const size = partBytes(number)
      while (running.size >= partsAtOnce(size, place.options.concurrency) - 1) await Promise.race(running)
      own.signal.throwIfAborted()
      const buffer = takeSpare(spare, size)
      // A part that failed ends the put at once, however long the body takes for its next bytes.
      const filled = await untilAborted(reader.fill(buffer), own.signal)
      if (filled > 0 && number > mostParts) throw tooLong(upload.name, bytes)
      if (filled > 0) start(number, buffer, filled)
      bytes += filled
      if (filled < size) break
    }
    await Promise.all(running)
    own.signal.throwIfAborted()
    return { parts, bytes }
  } catch (error) {
    failing.abort(error)
    await Promise.allSettled(running)
    throw error
  }
}

async function sendPart(
  place: Place,
  { name, id }: Upload,
  number: number,
  bytes: Buffer,
  ctx: Context,
): Promise<CompletedPart> {
  const input = {
    Bucket: place.bucket,
    Key: name,
    UploadId: id,
    PartNumber: number,
    Body: bytes,
    ...digestHeader(place, bytes),
  }
  const { ETag, ChecksumCRC32 } = await request(
    place,
    { purpose: `store ${name}, part ${number}`, access: 'write' },
    ctx,
    (options) => place.s3.send(new UploadPartCommand(input), options),
  )
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) }
}

function takeSpare(spare: Buffer[], size: number): Buffer {
  const buffer = spare.pop()
  return buffer?.length === size ? buffer : Buffer.allocUnsafeSlow(size)
}

function tooLong(name: string, bytes: number): AngeeError {
  return new AngeeError('BACKEND_FAILED', `${name} is longer than the ${bytes} bytes that S3 takes in one object`, {
    hint: 'Divide the part: make several persist entries of it.',
    context: { name, bytes },
  })
}
