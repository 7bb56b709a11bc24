import { Buffer } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ByteRange } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { pathOf, undefinedIfMissing } from './directories.ts'
import { segmentsOf } from './key.ts'
import { hasCode, storeError } from './store-error.ts'

const readBytes = 1024 * 1024

/** See ObjectStore.get. */
export async function getFile(
  root: string,
  key: string,
  range: ByteRange | undefined,
  ctx: Context,
): Promise<Readable> {
  const segments = segmentsOf(key)
  ctx.signal.throwIfAborted()
  const failed = (error: unknown) => storeError(error, `read ${key}`, root, true)
  const handle = await openObject(root, segments).catch((error: unknown) => Promise.reject(failed(error)))
  if (handle === undefined) throw new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
  try {
    const { size } = await handle.stat()
    const { start, end } = range ?? { start: 0, end: size }
    if (start >= 0 && start <= end && end <= size) return rangeOf(handle, start, end, failed, ctx.signal)
    throw new Error(`bytes ${start} to ${end} were asked for, and the object has ${size}`)
  } catch (error) {
    await handle.close()
    throw failed(error)
  }
}

/** See ObjectStore.head. */
export async function headFile(root: string, key: string, ctx: Context): Promise<{ bytes: number } | undefined> {
  const segments = segmentsOf(key)
  ctx.signal.throwIfAborted()
  try {
    const path = await pathOf(root, segments)
    const found = path === undefined ? undefined : await lstat(path).catch(undefinedIfMissing)
    return found?.isFile() ? { bytes: found.size } : undefined
  } catch (error) {
    throw storeError(error, `look up ${key}`, root, true)
  }
}

/** Undefined where no regular file has that path. A FIFO that lies there is not waited for. */
async function openObject(root: string, segments: readonly string[]): Promise<FileHandle | undefined> {
  const path = await pathOf(root, segments)
  if (path === undefined) return undefined
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) throw error
  }
  return undefined
}

/** Reads ahead in large pieces, and fails where the file turns out shorter than it was when it was opened. */
function rangeOf(
  handle: FileHandle,
  start: number,
  end: number,
  failed: (error: unknown) => AngeeError,
  signal: AbortSignal,
): Readable {
  let position = start
  const stream = new Readable({
    highWaterMark: 2 * readBytes,

    async read() {
      if (position === end) return void this.push(null)
      try {
        const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, end - position))
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
        if (bytesRead === 0) throw new Error(`the file ends after ${position} bytes instead of ${end}`)
        position += bytesRead
        this.push(buffer.subarray(0, bytesRead))
      } catch (error) {
        this.destroy(failed(error))
      }
    },

    async destroy(error, callback) {
      signal.removeEventListener('abort', abort)
      await handle.close().catch(() => {})
      callback(error)
    },
  })
  const abort = () => void stream.destroy(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return stream
}
