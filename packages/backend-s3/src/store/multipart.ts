import { AngeeError, type Context } from '@angee/core'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
} from '@aws-sdk/client-s3'
import { attributesOf } from './attributes.ts'
import { cleanUpContext } from './clean-up.ts'
import type { Condition } from './if-absent.ts'
import { lookUp } from './look-up.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { answeredWith } from './store-error.ts'
import { deleteRecord, putRecord } from './upload-record.ts'

/** A multipart upload that was begun. Nothing of it is visible before it is completed. */
export interface Upload {
  /** The name of the object that it will be. */
  name: string
  id: string
  marker: string
}

/** Some servers never say that an upload is unknown. */
const mostAborts = 5
const pauseMilliseconds = 200

/** Ids of the uploads that this process works on. */
export const liveUploads = new Set<string>()

/** Begins an upload of an object that will have at least `bytes` bytes. */
export async function beginUpload(
  place: Place,
  name: string,
  marker: string,
  { bytes, checksums }: { bytes: number; checksums: boolean },
  ctx: Context,
): Promise<Upload> {
  const input = {
    Bucket: place.bucket,
    Key: name,
    ...attributesOf(place, bytes, marker, ctx),
    ...(checksums && { ChecksumAlgorithm: 'CRC32' as const }),
  }
  const { UploadId: id } = await request(place, { purpose: `store ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new CreateMultipartUploadCommand(input), options),
  )
  if (id === undefined) throw new AngeeError('BACKEND_FAILED', `${place.location} gave no id for the upload of ${name}`)
  const upload = { name, id, marker }
  liveUploads.add(id)
  try {
    await putRecord(place, upload, ctx)
    return upload
  } catch (error) {
    await abortUpload(place, upload, ctx)
    throw error
  }
}

/** Makes the object of its parts. */
export async function completeUpload(
  place: Place,
  { name, id, marker }: Upload,
  parts: readonly CompletedPart[],
  condition: Condition,
  ctx: Context,
): Promise<void> {
  const Parts = parts.toSorted((a, b) => Number(a.PartNumber) - Number(b.PartNumber))
  const input = { Bucket: place.bucket, Key: name, UploadId: id, MultipartUpload: { Parts }, ...condition }
  try {
    await request(place, { purpose: `store ${name}`, access: 'write' }, ctx, (options) =>
      place.patient.send(new CompleteMultipartUploadCommand(input), options),
    )
  } catch (error) {
    // An upload that is gone may have been completed by an earlier attempt whose answer was lost.
    if (!answeredWith(error, 'NoSuchUpload') || (await lookUp(place, name, ctx))?.marker !== marker) throw error
  }
}

/** Ends the life of an upload that became an object. A record that stays is garbage. */
export async function forgetUpload(place: Place, upload: Upload, ctx: Context): Promise<void> {
  await deleteRecord(place, upload, ctx).catch(() => undefined)
  liveUploads.delete(upload.id)
}

/**
 * Removes an upload and its parts, also after an abort; gives up after seconds where the server hangs. What stays is
 * garbage, and its record says so.
 */
export async function abortUpload(place: Place, upload: Upload, ctx: Context): Promise<void> {
  const always = cleanUpContext(ctx)
  try {
    await removeUpload(place, upload, always)
    await deleteRecord(place, upload, always)
  } catch (error) {
    ctx.logger.warn(`left an unfinished upload of ${upload.name}: ${(error as Error).message}`)
  } finally {
    liveUploads.delete(upload.id)
  }
}

/**
 * Removes an upload and its parts. One that is gone is removed already. A part that the server is still busy with may
 * arrive after the upload was aborted, and bring it back: so it is aborted until it is unknown.
 */
export async function removeUpload(
  place: Place,
  { name, id }: { name: string; id: string },
  ctx: Context,
): Promise<void> {
  const input = { Bucket: place.bucket, Key: name, UploadId: id }
  try {
    for (let attempt = 1; attempt <= mostAborts; attempt += 1) {
      await request(place, { purpose: `abort the upload of ${name}`, access: 'write' }, ctx, (options) =>
        place.s3.send(new AbortMultipartUploadCommand(input), options),
      )
      if (attempt > 1) await ctx.clock.sleep(pauseMilliseconds, ctx.signal)
    }
  } catch (error) {
    if (!answeredWith(error, 'NoSuchUpload', 'NotFound')) throw error
  }
}
