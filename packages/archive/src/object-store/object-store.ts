import type { Readable } from 'node:stream'
import type { Context } from '@angee/core'

/*
 * The five-method seam that the archive backend is built on. Invariants of every object store:
 *
 * 1. Atomic. An object is visible with all its bytes or not at all, also after a crash of this machine or the other.
 * 2. Read after write. A put that resolved is seen by every later get, head and list.
 * 3. Durable. When put resolves the bytes survive a power cut.
 *
 * Keys are relative paths of segments `[A-Za-z0-9._-]+` joined by `/`; no segment is `.` or `..`.
 */
export interface ObjectStore extends AsyncDisposable {
  /** For display, without a credential. */
  readonly location: string
  /** A directory on this machine that holds the objects, if it is one. */
  readonly localDirectory?: string
  readonly remote: boolean

  /**
   * Stores the bytes of `body` under `key`, replacing what was there. MUST reject with the body's own error, and leave
   * the key as it was, when the body errors or closes before its end. With `ifAbsent`, OBJECT_EXISTS when the key
   * exists, also when two writers race. Resolves with what was stored, counted by the store itself.
   * BACKEND_READ_ONLY, BACKEND_UNAVAILABLE, SPACE_INSUFFICIENT.
   */
  put(key: string, body: Readable | Uint8Array, options: PutOptions, ctx: Context): Promise<{ bytes: number }>
  /** The bytes of an object, or of a range of it. Errors rather than ends early. OBJECT_NOT_FOUND. */
  get(key: string, range: ByteRange | undefined, ctx: Context): Promise<Readable>
  /** Its length in bytes, or undefined when there is none. */
  head(key: string, ctx: Context): Promise<{ bytes: number } | undefined>
  /** Every key that starts with `prefix`, each once, ascending by bytes. A failing listing MUST throw. */
  list(prefix: string, ctx: Context): AsyncIterable<{ key: string; bytes: number }>
  /** Removes an object. An absent one is done already. */
  delete(key: string, ctx: Context): Promise<void>
  /**
   * Optional: makes `to` hold the bytes of `from` at a fraction of what moving them would cost, as `put` with `ifAbsent`
   * would. Deleting one of the two leaves the other alone. OBJECT_NOT_FOUND, OBJECT_EXISTS.
   */
  copy?(from: string, to: string, ctx: Context): Promise<{ bytes: number }>
  /** Removes what interrupted puts left; MUST NOT touch one in progress. */
  collectGarbage?(ctx: Context): Promise<{ removed: number; bytes: number }>
  /** Proves that the store can be written. See BackupBackend.preflight. */
  preflight(ctx: Context): Promise<void>
}

export interface PutOptions {
  ifAbsent?: boolean
}

/** Bytes `start` to `end`, the end not included. */
export interface ByteRange {
  start: number
  end: number
}
