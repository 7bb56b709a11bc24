import { Buffer } from 'node:buffer'
import { hostname } from 'node:os'
import type { Context } from '@angee/core'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { digestHeader } from './attributes.ts'
import { ownPrefix } from './key.ts'
import type { Upload } from './multipart.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'

/** What lies in the bucket beside an upload, so that nobody takes it for garbage, or a foreign one for ours. */
export interface UploadRecord {
  name: string
  id: string
  host: string
  pid: number
}

export const recordsPrefix = `${ownPrefix}uploads/`

/** Says in the bucket that this process works on an upload. */
export async function putRecord(place: Place, upload: Upload, ctx: Context): Promise<void> {
  const record: UploadRecord = { name: upload.name, id: upload.id, host: hostname(), pid: process.pid }
  const Body = Buffer.from(JSON.stringify(record))
  const input = { Bucket: place.bucket, Key: recordName(place, upload), Body, ...digestHeader(place, Body) }
  await request(place, { purpose: `store ${input.Key}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new PutObjectCommand(input), options),
  )
}

/** Takes that back. */
export async function deleteRecord(place: Place, upload: Upload, ctx: Context): Promise<void> {
  const name = recordName(place, upload)
  await request(place, { purpose: `delete ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: name }), options),
  )
}

function recordName(place: Place, { marker }: Upload): string {
  return `${place.prefix}${recordsPrefix}${marker}`
}
