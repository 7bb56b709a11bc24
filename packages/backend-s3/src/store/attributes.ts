import { createHash } from 'node:crypto'
import type { Context } from '@angee/core'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { markerName } from './look-up.ts'
import type { Place } from './place.ts'

/** Classes for rarely read objects bill a smaller one as if it had this size. */
const leastClassedBytes = 128 * 1024
const millisecondsOfDay = 24 * 3_600_000

type Attributes = Pick<
  PutObjectCommandInput,
  'Metadata' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass' | 'ObjectLockMode' | 'ObjectLockRetainUntilDate'
>

/** What an object of `bytes` bytes is stored with, as the options ask. */
export function attributesOf({ options }: Place, bytes: number, marker: string, ctx: Context): Attributes {
  const { server_side_encryption, kms_key_id, storage_class, object_lock } = options
  return {
    Metadata: { [markerName]: marker },
    ...(server_side_encryption && { ServerSideEncryption: server_side_encryption }),
    ...(kms_key_id !== undefined && { SSEKMSKeyId: kms_key_id }),
    ...(storage_class !== undefined &&
      bytes >= leastClassedBytes && { StorageClass: storage_class as NonNullable<Attributes['StorageClass']> }),
    ...(object_lock && {
      ObjectLockMode: object_lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(ctx.clock.now() + object_lock.days * millisecondsOfDay),
    }),
  }
}

/** Lets a server refuse bytes that were damaged on the way. Elsewhere the SDK sends a CRC32 for that. */
export function digestHeader({ options }: Place, bytes: Uint8Array): { ContentMD5?: string } {
  if (options.checksums === 'when_supported') return {}
  return { ContentMD5: createHash('md5').update(bytes).digest('base64') }
}
