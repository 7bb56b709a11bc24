import type { Context } from '@angee/core'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { nameOf } from './key.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { answeredWith } from './store-error.ts'

/** See ObjectStore.delete. In a bucket with versions the older ones stay. */
export async function deleteObject(place: Place, key: string, ctx: Context): Promise<void> {
  const name = nameOf(place, key)
  try {
    await request(place, { purpose: `delete ${name}`, access: 'write' }, ctx, (options) =>
      place.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: name }), options),
    )
  } catch (error) {
    if (!answeredWith(error, 'NoSuchKey', 'NotFound')) throw error
  }
}
