import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { PutOptions } from '@angee/archive'
import type { Context } from '@angee/core'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { attributesOf, digestHeader } from './attributes.ts'
import { readerOf, stopWith } from './body.ts'
import { type Condition, writeIfAbsent } from './if-absent.ts'
import { exists, nameOf } from './key.ts'
import { lookUp, newMarker } from './look-up.ts'
import { firstPartBytes } from './part-sizes.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { uploadInParts } from './upload.ts'

/** See ObjectStore.put: one request for a small body, a multipart upload for a larger one. */
export async function putObject(
  place: Place,
  key: string,
  body: Readable | Uint8Array,
  { ifAbsent = false }: PutOptions,
  ctx: Context,
): Promise<{ bytes: number }> {
  const name = nameOf(place, key)
  using _ = stopWith(ctx.signal, body)
  ctx.signal.throwIfAborted()
  try {
    if (body instanceof Uint8Array && body.length < firstPartBytes) {
      return await putWhole(place, key, Buffer.from(body.buffer, body.byteOffset, body.length), ifAbsent, ctx)
    }
    const reader = readerOf(body, ctx.signal)
    const first = Buffer.allocUnsafeSlow(firstPartBytes)
    const filled = await reader.fill(first)
    if (filled < first.length) return await putWhole(place, key, first.subarray(0, filled), ifAbsent, ctx)
    // Saves sending a large body for nothing. What decides comes at the end.
    if (ifAbsent && (await lookUp(place, name, ctx))) throw exists(key)
    return await uploadInParts(place, key, { reader, first }, ifAbsent, ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw error
  }
}

async function putWhole(
  place: Place,
  key: string,
  bytes: Buffer,
  ifAbsent: boolean,
  ctx: Context,
): Promise<{ bytes: number }> {
  const marker = newMarker(ctx)
  const input = {
    Bucket: place.bucket,
    Key: place.prefix + key,
    Body: bytes,
    ...attributesOf(place, bytes.length, marker, ctx),
    ...digestHeader(place, bytes),
  }
  const write = async (condition: Condition): Promise<void> => {
    await request(place, { purpose: `store ${input.Key}`, access: 'write' }, ctx, (options) =>
      place.s3.send(new PutObjectCommand({ ...input, ...condition }), options),
    )
  }
  if (ifAbsent) await writeIfAbsent(place, key, marker, 'put', ctx, write)
  else await write({})
  return { bytes: bytes.length }
}
