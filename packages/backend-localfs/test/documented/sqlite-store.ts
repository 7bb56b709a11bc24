import type { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ObjectStore } from '@angee/archive'
import { AngeeError } from '@angee/core'

const segment = /^[A-Za-z0-9._-]+$/

/** One row an object. A put is one statement: the object is there with all its bytes, durably, or not at all. */
export function sqliteObjectStore(database: DatabaseSync, file: string): ObjectStore {
  database.exec('PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000')
  database.exec('CREATE TABLE IF NOT EXISTS object (key TEXT PRIMARY KEY, bytes BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO object VALUES (?, ?) ON CONFLICT DO NOTHING')
  const replace = database.prepare('INSERT OR REPLACE INTO object VALUES (?, ?)')
  const select = database.prepare('SELECT bytes FROM object WHERE key = ?')
  const measure = database.prepare('SELECT length(bytes) AS bytes FROM object WHERE key = ?')
  const remove = database.prepare('DELETE FROM object WHERE key = ?')
  const keys = database.prepare(
    'SELECT key, length(bytes) AS bytes FROM object WHERE substr(key, 1, ?) = ? ORDER BY key',
  )

  return {
    location: file,
    remote: false,
    localDirectory: file,

    async put(key, body, { ifAbsent }, { signal }) {
      checkKey(key)
      const bytes = body instanceof Uint8Array ? body : await receive(body, signal)
      signal.throwIfAborted()
      const { changes } = (ifAbsent ? insert : replace).run(key, bytes)
      if (changes === 0) throw new AngeeError('OBJECT_EXISTS', `${key} exists already`, { context: { key } })
      return { bytes: bytes.length }
    },

    async get(key, range, { signal }) {
      checkKey(key)
      signal.throwIfAborted()
      const object = select.get(key) as { bytes: Uint8Array } | undefined
      if (!object) throw new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
      const { start, end } = range ?? { start: 0, end: object.bytes.length }
      if (end > object.bytes.length) throw new AngeeError('BACKEND_FAILED', `${key} ends before byte ${end}`)
      return Readable.from(pieces(object.bytes.subarray(start, end), signal), { objectMode: false })
    },

    async head(key, { signal }) {
      checkKey(key)
      signal.throwIfAborted()
      const object = measure.get(key) as { bytes: number } | undefined
      return object && { bytes: object.bytes }
    },

    async *list(prefix, { signal }) {
      for (const { key, bytes } of keys.all(prefix.length, prefix) as { key: string; bytes: number }[]) {
        signal.throwIfAborted()
        yield { key, bytes }
      }
      signal.throwIfAborted()
    },

    async delete(key, { signal }) {
      checkKey(key)
      signal.throwIfAborted()
      remove.run(key)
    },

    async preflight({ signal }) {
      signal.throwIfAborted()
      database.exec('BEGIN IMMEDIATE; ROLLBACK')
    },

    async [Symbol.asyncDispose]() {
      if (database.isOpen) database.close()
    },
  }
}

/** All bytes of a body. Its own error when it fails, an error when it closes early, the signal's reason on abort. */
async function receive(body: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([buffer(body), stopped.promise])
  } finally {
    signal.removeEventListener('abort', stop)
    body.destroy()
  }
}

function* pieces(bytes: Uint8Array, signal: AbortSignal): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 1 << 16) {
    signal.throwIfAborted()
    yield bytes.subarray(start, start + (1 << 16))
  }
  signal.throwIfAborted()
}

function checkKey(key: string): void {
  if (key.split('/').every((one) => segment.test(one) && one !== '.' && one !== '..')) return
  throw new AngeeError('INTERNAL', `${JSON.stringify(key)} is not a key of an object store`)
}
