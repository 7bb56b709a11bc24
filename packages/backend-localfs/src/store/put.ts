import { link, lstat, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { PutOptions } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { makeParents, makeRoot, pathOf, syncUpTo, undefinedIfMissing } from './directories.ts'
import { fileSink } from './file-sink.ts'
import { createIncoming, type IncomingFile } from './incoming-file.ts'
import { segmentsOf } from './key.ts'
import { renameIfAbsent } from './rename-if-absent.ts'
import { hasCode, storeError } from './store-error.ts'
import { untilAborted } from './until-aborted.ts'

/** How often a directory may vanish under a put, because the last other object in it is deleted at that moment. */
export const attempts = 20

/** Where objects lie. */
export interface StoreDirectory {
  /** Absolute path. */
  readonly root: string
  /** Whether the directory gets a `.gitignore` that hides it, when it is made. */
  readonly keepOutOfGit: boolean
}

/** See ObjectStore.put: temporary name → write → length check → sync → rename → sync of the directories. */
export async function putFile(
  { root, keepOutOfGit }: StoreDirectory,
  key: string,
  body: Readable | Uint8Array,
  { ifAbsent = false }: PutOptions,
  ctx: Context,
): Promise<{ bytes: number }> {
  const segments = segmentsOf(key)
  const failed = (error: unknown) => Promise.reject(storeError(error, `store ${key}`, root))
  using _ = stopWith(ctx.signal, body)
  try {
    ctx.signal.throwIfAborted()
    if (ifAbsent) await refuseExisting(root, segments).catch(failed)
    await makeRoot(root, keepOutOfGit).catch(failed)
    await using file = await createIncoming(root, ctx).catch(failed)
    // A body whose producer hangs may be deaf to being destroyed; the put ends all the same.
    const bytes = await untilAborted(write(file, body, failed), ctx.signal)
    ctx.signal.throwIfAborted()
    await publish(root, segments, file, ifAbsent, ctx).catch(failed)
    return { bytes }
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw error
  }
}

/**
 * Destroys a body when the signal aborts, and in any case at the end: a failed put must not leave its producer waiting.
 * An error of the body is listened for from the start, because it may come before the first byte is asked for.
 */
function stopWith(signal: AbortSignal, body: Readable | Uint8Array): Disposable {
  if (body instanceof Uint8Array) return { [Symbol.dispose]: () => {} }
  const stop = () => void body.destroy(signal.reason)
  body.on('error', () => {})
  signal.addEventListener('abort', stop, { once: true })
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', stop)
      body.destroy()
    },
  }
}

/** Only the file system's errors go through `failed`: the body's own are thrown as they are. */
async function write(
  file: IncomingFile,
  body: Readable | Uint8Array,
  failed: (error: unknown) => Promise<never>,
): Promise<number> {
  const sink = fileSink(file.handle)
  const chunks = body instanceof Uint8Array ? [body] : body
  for await (const chunk of chunks) await sink.write(chunk).catch(failed)
  const bytes = await sink.finish().catch(failed)
  const { size } = await file.handle.stat().catch(failed)
  if (size === bytes) return size
  return failed(new Error(`the file is ${size} bytes long after ${bytes} were written`))
}

async function publish(
  root: string,
  segments: readonly string[],
  file: IncomingFile,
  ifAbsent: boolean,
  ctx: Context,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const parent = await makeParents(root, segments.slice(0, -1))
      const target = join(parent, segments.at(-1) ?? '')
      if (ifAbsent) await linkIfAbsent(root, file.path, target, ctx)
      else await rename(file.path, target)
      return await syncUpTo(root, parent)
    } catch (error) {
      if (hasCode(error, 'EEXIST') && ifAbsent) throw exists(segments)
      if (!hasCode(error, 'ENOENT') || attempt === attempts) throw error
    }
  }
}

/** A hard link fails where the name exists, in one step. The other name of the file goes when it is disposed of. */
async function linkIfAbsent(root: string, path: string, target: string, ctx: Context): Promise<void> {
  try {
    await link(path, target)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
    await renameIfAbsent(root, path, target, ctx)
  }
}

/** Saves writing a large body for nothing. What decides is the link. */
async function refuseExisting(root: string, segments: readonly string[]): Promise<void> {
  const path = await pathOf(root, segments)
  if (path && (await lstat(path).catch(undefinedIfMissing))?.isFile()) throw exists(segments)
}

export function exists(segments: readonly string[]): AngeeError {
  const key = segments.join('/')
  return new AngeeError('OBJECT_EXISTS', `object ${key} exists already`, { context: { key } })
}
