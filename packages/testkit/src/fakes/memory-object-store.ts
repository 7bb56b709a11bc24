import type { ByteRange, ObjectStore } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { receive, send } from './transfer.ts'

export interface MemoryObjectStoreOptions {
  /** Shared by several stores, it stands for one storage reached by several processes. */
  objects?: Map<string, Uint8Array>
  /** Called first in every call. What it throws fails the call; a promise it returns delays it. */
  before?(call: StoreCall): void | Promise<void>
  /** What is really kept of a body that was wholly received: less or other bytes make a store that lies. */
  keep?(key: string, bytes: Uint8Array): Uint8Array
  /** Called before each key that `list` yields, with how many it has yielded. What it throws breaks the listing off. */
  beforeListed?(key: string, yielded: number): void | Promise<void>
}

export interface StoreCall {
  method: 'put' | 'get' | 'head' | 'list' | 'delete' | 'copy'
  /** The key, the prefix of a listing, or where a copy goes. */
  key: string
  /** Which call of this method it is on this store, from 1. */
  count: number
}

export interface MemoryObjectStore extends ObjectStore {
  /** The stored bytes by key: what a test damages when it wants damage. */
  readonly objects: Map<string, Uint8Array>
}

/** An object store in memory that keeps the contract, with places to break it on purpose. */
export function memoryObjectStore(options: MemoryObjectStoreOptions = {}): MemoryObjectStore {
  const objects = options.objects ?? new Map<string, Uint8Array>()
  const counts = new Map<string, number>()

  async function enter(method: StoreCall['method'], key: string, ctx: Context): Promise<void> {
    ctx.signal.throwIfAborted()
    const count = (counts.get(method) ?? 0) + 1
    counts.set(method, count)
    await options.before?.({ method, key, count })
    ctx.signal.throwIfAborted()
  }

  function find(key: string): Uint8Array {
    const bytes = objects.get(key)
    if (bytes) return bytes
    throw new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
  }

  function refuseExisting(key: string): void {
    if (objects.has(key)) throw new AngeeError('OBJECT_EXISTS', `object ${key} exists already`, { context: { key } })
  }

  return {
    location: 'memory',
    remote: false,
    objects,

    async put(key, body, { ifAbsent }, ctx) {
      checkKey(key)
      // An error may come before the body is read, and without a listener it would end the process.
      if (!(body instanceof Uint8Array)) body.on('error', () => {})
      await enter('put', key, ctx)
      if (ifAbsent) refuseExisting(key)
      const received = body instanceof Uint8Array ? body.slice() : await receive(body, ctx.signal)
      if (ifAbsent) refuseExisting(key)
      const kept = options.keep?.(key, received) ?? received
      objects.set(key, kept)
      return { bytes: kept.length }
    },

    async get(key, range, ctx) {
      checkKey(key)
      await enter('get', key, ctx)
      return send(cutOut(find(key), range), ctx.signal)
    },

    async head(key, ctx) {
      checkKey(key)
      await enter('head', key, ctx)
      const bytes = objects.get(key)
      return bytes && { bytes: bytes.length }
    },

    async *list(prefix, ctx) {
      await enter('list', prefix, ctx)
      let yielded = 0
      for (const key of [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()) {
        await options.beforeListed?.(key, yielded)
        ctx.signal.throwIfAborted()
        const bytes = objects.get(key)
        if (bytes) yield { key, bytes: bytes.length }
        yielded += 1
      }
    },

    async delete(key, ctx) {
      checkKey(key)
      await enter('delete', key, ctx)
      objects.delete(key)
    },

    async copy(from, to, ctx) {
      checkKey(from)
      checkKey(to)
      await enter('copy', to, ctx)
      const bytes = find(from)
      refuseExisting(to)
      objects.set(to, bytes.slice())
      return { bytes: bytes.length }
    },

    async collectGarbage(ctx) {
      ctx.signal.throwIfAborted()
      return { removed: 0, bytes: 0 }
    },

    async preflight(ctx) {
      ctx.signal.throwIfAborted()
    },

    async [Symbol.asyncDispose]() {},
  }
}

function checkKey(key: string): void {
  if (key.split('/').every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && !/^\.\.?$/.test(segment))) return
  throw new AngeeError('INTERNAL', `${JSON.stringify(key)} is not a key of an object store`, { context: { key } })
}

function cutOut(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes
  if (range.start >= 0 && range.start <= range.end && range.end <= bytes.length) {
    return bytes.subarray(range.start, range.end)
  }
  throw new AngeeError('BACKEND_FAILED', `bytes ${range.start} to ${range.end} of an object of ${bytes.length}`)
}
