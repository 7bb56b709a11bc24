import { randomUUID } from 'node:crypto'
import { parseOptions } from '@angee/core'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3Options } from '../../src/index.ts'
import { s3Options } from '../../src/options.ts'
import { accessKeyId, type Server, secretAccessKey } from './server.ts'

/** A bucket of one case's own, and a client that goes behind the store's back. */
export interface Bucket extends AsyncDisposable {
  readonly name: string
  readonly raw: S3Client
  /** Options of a store in this bucket, under the prefix `stack`; the server is reached through `url` where given. */
  options(changes?: Record<string, unknown>, url?: string): S3Options
  /** Every object's name, the store's own included. */
  names(): Promise<string[]>
  /** The ids of unfinished uploads that hold parts. One without costs nothing, and may have lost its id on the way. */
  uploads(): Promise<string[]>
}

export async function makeBucket(server: Server, settings: { lock?: boolean } = {}): Promise<Bucket> {
  const name = `case-${randomUUID()}`
  const raw = new S3Client({
    endpoint: server.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  await raw.send(new CreateBucketCommand({ Bucket: name, ...(settings.lock && { ObjectLockEnabledForBucket: true }) }))
  const names = async () => {
    const { Contents = [] } = await raw.send(new ListObjectsV2Command({ Bucket: name }))
    return Contents.map(({ Key = '' }) => Key)
  }
  const unfinished = async () => {
    try {
      return (await raw.send(new ListMultipartUploadsCommand({ Bucket: name }))).Uploads ?? []
    } catch (error) {
      // What gofakes3 says of a bucket that has none.
      if ((error as Error).name === 'NoSuchUpload') return []
      throw error
    }
  }
  return {
    name,
    raw,
    names,
    async uploads() {
      const ids: string[] = []
      for (const { Key, UploadId = '' } of await unfinished()) {
        const { Parts = [] } = await raw.send(new ListPartsCommand({ Bucket: name, Key, UploadId }))
        if (Parts.length > 0) ids.push(UploadId)
      }
      return ids
    },
    options: (changes = {}, url = server.url) =>
      parseOptions(s3Options, { ...given(name, url), ...changes }, 'backup_backend'),
    async [Symbol.asyncDispose]() {
      // Servers that keep objects in memory would keep those of every case.
      for (const { Key, UploadId } of await unfinished()) {
        await raw.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }))
      }
      for (let some = await names(); some.length > 0 && !settings.lock; some = await names()) {
        await Promise.all(some.map((Key) => raw.send(new DeleteObjectCommand({ Bucket: name, Key }))))
      }
      raw.destroy()
    },
  }
}

function given(bucket: string, endpoint: string): Record<string, unknown> {
  return { bucket, prefix: 'stack', endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey }
}
