import { testContext } from '@angee/testkit'
import { type S3Options, s3ObjectStore } from '../../src/index.ts'

/** Started as a process of its own, with a server that hangs: cancels a put, and has nothing left to do then. */
const store = s3ObjectStore(JSON.parse(process.env['S3_OPTIONS'] ?? '') as S3Options)
const stopping = new AbortController()
setTimeout(() => stopping.abort(new Error('stop')), 500)
const ctx = testContext({ signal: stopping.signal })
await store.put('a', Buffer.alloc(20_000_000), {}, ctx).catch((error: Error) => console.log(error.message))
await store[Symbol.asyncDispose]()
