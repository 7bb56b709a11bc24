import { AngeeError, type Context } from '@angee/core'
import { type CompletedPart, CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { attributesOf } from './attributes.ts'
import { withClaim } from './claim.ts'
import { exists, nameOf, notFound } from './key.ts'
import { lookUp, newMarker } from './look-up.ts'
import { abortUpload, beginUpload, forgetUpload } from './multipart.ts'
import type { Place } from './place.ts'
import { publishUpload } from './publish.ts'
import { putObject } from './put.ts'
import { request } from './request.ts'
import { answeredWith } from './store-error.ts'

/** Also the most that S3 copies in one request. */
const largestPart = 5 * 1024 ** 3

/**
 * See ObjectStore.copy: the server copies by itself. Where a condition is to decide, the copy is made as an upload whose
 * parts are copied, because servers heed no condition on a plain one. Elsewhere a plain copy is made under a claim.
 */
export async function copyObject(place: Place, from: string, to: string, ctx: Context): Promise<{ bytes: number }> {
  const source = await lookUp(place, nameOf(place, from), ctx)
  if (!source) throw notFound(from)
  if (await lookUp(place, nameOf(place, to), ctx)) throw exists(to)
  // No part can be empty.
  if (source.bytes === 0) return await putObject(place, to, new Uint8Array(0), { ifAbsent: true }, ctx)
  if (place.isAws || source.bytes > largestPart) await copyInParts(place, from, to, source.bytes, ctx)
  else await copyWhole(place, from, to, source.bytes, ctx)
  return { bytes: source.bytes }
}

async function copyInParts(place: Place, from: string, to: string, bytes: number, ctx: Context): Promise<void> {
  const upload = await beginUpload(place, place.prefix + to, newMarker(ctx), { bytes, checksums: false }, ctx)
  try {
    const parts: CompletedPart[] = []
    for (let start = 0; start < bytes; start += largestPart) {
      const input = {
        Bucket: place.bucket,
        Key: upload.name,
        UploadId: upload.id,
        PartNumber: parts.length + 1,
        CopySource: `${place.bucket}/${place.prefix}${from}`,
        CopySourceRange: `bytes=${start}-${Math.min(bytes, start + largestPart) - 1}`,
      }
      const { CopyPartResult } = await copying(place, from, ctx, (options) =>
        place.patient.send(new UploadPartCopyCommand(input), options),
      )
      parts.push({ PartNumber: input.PartNumber, ETag: CopyPartResult?.ETag })
    }
    await publishUpload(place, to, upload, { parts, bytes }, true, ctx)
    await forgetUpload(place, upload, ctx)
  } catch (error) {
    await abortUpload(place, upload, ctx)
    throw error
  }
}

async function copyWhole(place: Place, from: string, to: string, bytes: number, ctx: Context): Promise<void> {
  const marker = newMarker(ctx)
  const input = {
    Bucket: place.bucket,
    Key: place.prefix + to,
    CopySource: `${place.bucket}/${place.prefix}${from}`,
    MetadataDirective: 'REPLACE' as const,
    ...attributesOf(place, bytes, marker, ctx),
  }
  await withClaim(place, to, marker, ctx, async () => {
    await copying(place, from, ctx, (options) => place.patient.send(new CopyObjectCommand(input), options))
    const copied = await lookUp(place, input.Key, ctx)
    if (copied?.marker !== marker || copied.bytes === bytes) return
    throw new AngeeError('BACKEND_FAILED', `the copy of ${from} has ${copied.bytes} bytes instead of ${bytes}`, {
      hint: 'The storage lost bytes. Check it and run again.',
      context: { from, to, bytes, copied: copied.bytes },
    })
  })
}

async function copying<Result>(
  place: Place,
  from: string,
  ctx: Context,
  call: Parameters<typeof request<Result>>[3],
): Promise<Result> {
  try {
    return await request(place, { purpose: `copy ${place.prefix}${from}`, access: 'write' }, ctx, call)
  } catch (error) {
    throw answeredWith(error, 'NoSuchKey') ? notFound(from) : error
  }
}
