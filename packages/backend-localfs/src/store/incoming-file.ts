import { Buffer } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '@angee/core'
import { tryLock } from '@angee/core/posix'
import { makeDirectory, undefinedIfMissing } from './directories.ts'
import { incomingName } from './key.ts'
import { hasCode } from './store-error.ts'

/*
 * A file that is being written lies under its own random name and holds a kernel lock, which ends with its process.
 * So a file without a lock was left by a writer that died, and only such a file is garbage.
 */

const namePattern = /^[0-9a-f]{32}$/
const attempts = 10

/** A file of mode 0600, locked by this process. Disposing closes it and removes its name; it never throws. */
export interface IncomingFile extends AsyncDisposable {
  readonly path: string
  readonly handle: FileHandle
}

/** Makes an empty file beside the objects, for one of them to be written into. */
export async function createIncoming(root: string, ctx: Context): Promise<IncomingFile> {
  const directory = join(root, incomingName)
  await makeDirectory(directory)
  for (let attempt = 1; ; attempt += 1) {
    const path = join(directory, Buffer.from(ctx.random(new Uint8Array(16))).toString('hex'))
    const file = await lockedFile(path)
    if (file) return file
    if (attempt === attempts) throw new Error(`no name for a new file in ${directory} after ${attempts} attempts`)
  }
}

/** Undefined when the name is taken, or when a collector found the file before it was locked. */
async function lockedFile(path: string): Promise<IncomingFile | undefined> {
  const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error
  })
  if (handle === undefined) return undefined
  const file = {
    path,
    handle,
    [Symbol.asyncDispose]: async () => {
      await unlink(path).catch(() => {})
      await handle.close().catch(() => {})
    },
  }
  if (lock(handle.fd) !== 'held-by-another' && (await handle.stat()).nlink > 0) return file
  await file[Symbol.asyncDispose]()
  return undefined
}

/** Removes the files of writers that died, and counts them. Files without the name of one are foreign and stay. */
export async function collectIncoming(root: string, ctx: Context): Promise<{ removed: number; bytes: number }> {
  const directory = join(root, incomingName)
  const report = { removed: 0, bytes: 0 }
  for (const name of (await readdir(directory).catch(undefinedIfMissing)) ?? []) {
    ctx.signal.throwIfAborted()
    if (!namePattern.test(name)) continue
    const bytes = await removeAbandoned(join(directory, name), ctx)
    if (bytes === undefined) continue
    report.removed += 1
    report.bytes += bytes
  }
  return report
}

/** The bytes that became free, or undefined when the file is in use or gone. */
async function removeAbandoned(path: string, ctx: Context): Promise<number | undefined> {
  const found = await lstat(path).catch(undefinedIfMissing)
  if (!found?.isFile()) return undefined
  const opened = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(undefinedIfMissing)
  if (opened === undefined) return undefined
  await using handle = opened
  const state = lock(handle.fd)
  if (state === 'unsupported')
    ctx.logger.warn(`left ${path}: its file system has no locks to tell whether it is in use`)
  if (state !== 'held') return undefined
  const { size, nlink } = await handle.stat()
  await unlink(path).catch(undefinedIfMissing)
  return nlink > 1 ? 0 : size
}

function lock(descriptor: number): 'held' | 'held-by-another' | 'unsupported' {
  try {
    return tryLock(descriptor) ? 'held' : 'held-by-another'
  } catch (error) {
    if (hasCode(error, 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOLCK', 'EINVAL')) return 'unsupported'
    throw error
  }
}
