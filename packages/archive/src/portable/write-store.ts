import { Buffer } from 'node:buffer'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import { writingKey } from '../backend/keys.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import type { TarWriter } from './writer.ts'

export interface WriteStoreOptions {
  tar: TarWriter
  location: string
  /** The only snapshot there will be. */
  snapshot: string
  /** What has been written already. */
  documents: ReadonlyMap<string, Buffer>
  /** Bytes of an object, where known before. */
  lengths: ReadonlyMap<string, number>
  /** A directory for bodies whose length is not known: the header, which tells it, stands before them. */
  spool: string
}

/**
 * An object store whose objects are appended to a tar archive. What was given as bytes can be read back; a body cannot,
 * and deleting does nothing, for a file that lacks anything is given up as a whole.
 */
export function writeStore({ tar, location, snapshot, documents, lengths, spool }: WriteStoreOptions): ObjectStore {
  const held = new Map<string, Buffer>(documents)
  const written = new Map([...documents].map(([key, { length }]) => [key, length]))
  // Who is writing: it matters where others look. This file nobody sees before it is whole.
  const mark = writingKey(snapshot)

  async function append(key: string, body: Readable | Uint8Array, ctx: Context): Promise<number> {
    if (body instanceof Uint8Array) {
      await tar.add(key, body, ctx)
      held.set(key, Buffer.from(body))
      return body.length
    }
    const known = lengths.get(key)
    if (known === undefined) return spooled(body, spool, ctx, (length, again) => tar.addStream(key, length, again, ctx))
    await tar.addStream(key, known, body, ctx)
    return known
  }

  return {
    location,
    remote: false,
    put: async (key, body, _options, ctx) => {
      if (key === mark && body instanceof Uint8Array) return { bytes: body.length }
      if (written.has(key)) throw new AngeeError('OBJECT_EXISTS', `${key} exists already in ${location}`)
      const bytes = await append(key, body, ctx)
      written.set(key, bytes)
      return { bytes }
    },
    get: async (key) => {
      const bytes = held.get(key)
      if (bytes) return Readable.from([bytes], { objectMode: false })
      throw new AngeeError('OBJECT_NOT_FOUND', `${key} cannot be read back from ${location}`)
    },
    head: async (key) => {
      const bytes = written.get(key)
      return bytes === undefined ? undefined : { bytes }
    },
    list: async function* (prefix) {
      for (const [key, bytes] of [...written].sort()) if (key.startsWith(prefix)) yield { key, bytes }
    },
    delete: async () => undefined,
    preflight: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** Puts a body into a file first, to know its length. */
async function spooled(
  body: Readable,
  directory: string,
  ctx: Context,
  use: (length: number, again: Readable) => Promise<void>,
): Promise<number> {
  const file = join(directory, 'spool')
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal: ctx.signal })
    await using handle = await open(file, 'r')
    const { size } = await handle.stat()
    await use(size, handle.createReadStream({ autoClose: false }))
    return size
  } finally {
    await rm(file, { force: true })
  }
}
