import { Buffer } from 'node:buffer'
import type { Context } from '@angee/core'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { digestHeader } from './attributes.ts'
import { cleanUpContext } from './clean-up.ts'
import type { Condition } from './if-absent.ts'
import { ownPrefix } from './key.ts'
import { newMarker } from './look-up.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { answered } from './store-error.ts'

/*
 * `If-None-Match: *` lets a server refuse a write where the key exists. Some servers take the header and overwrite all
 * the same, some do so only at the end of a multipart upload, some refuse the header: so each of the two is tried once,
 * on an object of the store's own.
 */
const fields = { put: 'conditionalPut', complete: 'conditionalComplete' } as const

/** Whether the server refuses such a write where the key exists. Tried when it is first asked, then remembered. */
export async function refusesToReplace(place: Place, write: 'put' | 'complete', ctx: Context): Promise<boolean> {
  place.known[fields[write]] ??= write === 'put' ? await probePut(place, ctx) : await probeComplete(place, ctx)
  return place.known[fields[write]] === true
}

/** Puts a byte twice under a condition that only the first one meets. It proves as well that objects can be written. */
export async function probePut(place: Place, ctx: Context): Promise<boolean> {
  const name = probeName(place, ctx)
  const put = () => putProbe(place, name, { IfNoneMatch: '*' }, ctx)
  try {
    const first = await outcomeOf(put())
    // Refused at once, and nothing was there: the answer to the first attempt was lost.
    if (first === 'refused') return true
    if (first === 'unknown') {
      await putProbe(place, name, {}, ctx)
      return false
    }
    return (await outcomeOf(put())) === 'refused'
  } finally {
    await removeProbe(place, name, ctx)
  }
}

async function probeComplete(place: Place, ctx: Context): Promise<boolean> {
  const name = probeName(place, ctx)
  const object = { Bucket: place.bucket, Key: name }
  const purpose = { purpose: `store ${name}`, access: 'write' } as const
  try {
    await putProbe(place, name, {}, ctx)
    const { UploadId } = await request(place, purpose, ctx, (options) =>
      place.s3.send(new CreateMultipartUploadCommand(object), options),
    )
    const upload = { ...object, UploadId }
    try {
      return (await outcomeOf(completeProbe(place, upload, ctx))) === 'refused'
    } finally {
      await request(place, purpose, cleanUpContext(ctx), (options) =>
        place.s3.send(new AbortMultipartUploadCommand(upload), options),
      ).catch(() => undefined)
    }
  } finally {
    await removeProbe(place, name, ctx)
  }
}

async function completeProbe(
  place: Place,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
  ctx: Context,
): Promise<void> {
  const purpose = { purpose: `store ${upload.Key}`, access: 'write' } as const
  const Body = Buffer.from('a')
  const { ETag } = await request(place, purpose, ctx, (options) =>
    place.s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body, ...digestHeader(place, Body) }), options),
  )
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await request(place, purpose, ctx, (options) =>
    place.patient.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: '*' }), options),
  )
}

function probeName(place: Place, ctx: Context): string {
  return `${place.prefix}${ownPrefix}probes/${newMarker(ctx)}`
}

async function putProbe(place: Place, name: string, condition: Condition, ctx: Context): Promise<void> {
  const Body = Buffer.from('a')
  const input = { Bucket: place.bucket, Key: name, Body, ...digestHeader(place, Body), ...condition }
  await request(place, { purpose: `store ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new PutObjectCommand(input), options),
  )
}

/** `unknown`: the server does not take the header. */
async function outcomeOf(write: Promise<unknown>): Promise<'stored' | 'refused' | 'unknown'> {
  try {
    await write
    return 'stored'
  } catch (error) {
    if (answered(error, 412)) return 'refused'
    if (answered(error, 501) || answered(error, 400)) return 'unknown'
    throw error
  }
}

/** A credential that may not delete can still take snapshots. What stays is a byte, and garbage after a day. */
async function removeProbe(place: Place, name: string, ctx: Context): Promise<void> {
  await request(place, { purpose: `delete ${name}`, access: 'write' }, cleanUpContext(ctx), (options) =>
    place.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: name }), options),
  ).catch((error: unknown) => {
    ctx.logger.warn(`left ${name}: ${error instanceof Error ? error.message : String(error)}`)
  })
}
