import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { nodeContext } from './context.ts'

/*
 * One object to or from S3 through the object store of @angee/backend-s3, and nothing else: node s3-object.ts put|get FILE.
 * Where it goes stands in the environment: S3_ENDPOINT, S3_BUCKET, S3_KEY_ID, S3_SECRET.
 */
const { s3ObjectStore, default: descriptor } = await import('@angee/backend-s3')
const [, , what, file = ''] = process.argv
const options = descriptor.options.parse({
  endpoint: process.env['S3_ENDPOINT'],
  bucket: process.env['S3_BUCKET'],
  region: 'us-east-1',
  access_key_id: process.env['S3_KEY_ID'],
  secret_access_key: process.env['S3_SECRET'],
})
await using store = s3ObjectStore(options, undefined)
const ctx = nodeContext()
if (what === 'put') await store.put('bench-object', createReadStream(file, { highWaterMark: 1 << 20 }), {}, ctx)
else await pipeline(await store.get('bench-object', undefined, ctx), createWriteStream(file))
