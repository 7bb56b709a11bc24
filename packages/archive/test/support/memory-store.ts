import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { AngeeError } from '@angee/core'
import type { ObjectStore } from '../../src/index.ts'

/** A bare object store in memory whose bytes a test may change. The testkit's is a richer one, and depends on this package. */
export function memoryStore(objects = new Map<string, Buffer>()): ObjectStore & { objects: Map<string, Buffer> } {
  const found = (key: string): Buffer => {
    const bytes = objects.get(key)
    if (bytes) return bytes
    throw new AngeeError('OBJECT_NOT_FOUND', `no ${key}`)
  }
  return {
    objects,
    location: 'memory',
    remote: false,
    preflight: async () => undefined,
    put: async (key, body, { ifAbsent }) => {
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : await buffer(body)
      if (ifAbsent && objects.has(key)) throw new AngeeError('OBJECT_EXISTS', `${key} is there`)
      objects.set(key, bytes)
      return { bytes: bytes.length }
    },
    get: async (key, range) => {
      const bytes = found(key)
      return Readable.from(range ? [bytes.subarray(range.start, range.end)] : pieces(bytes), { objectMode: false })
    },
    head: async (key) => (objects.has(key) ? { bytes: found(key).length } : undefined),
    list: async function* (prefix) {
      for (const key of [...objects.keys()].sort()) {
        const bytes = objects.get(key)
        if (bytes && key.startsWith(prefix)) yield { key, bytes: bytes.length }
      }
    },
    copy: async (from, to) => {
      const bytes = found(from)
      if (objects.has(to)) throw new AngeeError('OBJECT_EXISTS', `${to} is there`)
      objects.set(to, Buffer.from(bytes))
      return { bytes: bytes.length }
    },
    delete: async (key) => void objects.delete(key),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** In pieces of an odd size, so that no boundary of the format falls on a boundary of the stream. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  const size = 61_441
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
