import { closeSync, constants, openSync } from 'node:fs'
import { access, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { AngeeError, type Context, isAngeeError } from '@angee/core'
import { tryLock } from '@angee/core/posix'
import type { Restic } from '../program/restic.ts'
import { type Listing, listStored, listUnderLock } from '../snapshots/listing.ts'

/** How long a backup waits for a lock that somebody holds who is still there. */
const waiting = '5m'

/**
 * Proves that the repository opens with this password and can be written, by taking restic's lock in it; or that there
 * is none and one could be made. Gives what lies in it.
 */
export async function proveWritable(restic: Restic, ctx: Context): Promise<Listing | undefined> {
  try {
    return await listUnderLock(restic, [], ctx)
  } catch (error) {
    if (isAngeeError(error, 'LOCKED')) return waitForLock(restic, error, ctx)
    if (!isAngeeError(error, 'REPOSITORY_NOT_FOUND')) throw error
    await proveCreatable(restic, ctx)
    return undefined
  }
}

/** A lock of a process that is no more is removed, and never told from a live one by us: restic does that. */
async function waitForLock(restic: Restic, { message }: Error, ctx: Context): Promise<Listing> {
  await restic.call(['unlock'], ctx)
  try {
    return await listUnderLock(restic, [], ctx)
  } catch (error) {
    if (!isAngeeError(error, 'LOCKED')) throw error
    ctx.onProgress({ type: 'note', message: `waiting up to ${waiting}: ${message}` })
    return listUnderLock(restic, [`--retry-lock=${waiting}`], ctx)
  }
}

/** What lies in the repository, which is made when there is none. Two that do so at once end up with one. */
export async function openRepository(restic: Restic, stackRoot: string, ctx: Context): Promise<Listing> {
  try {
    return await listStored(restic, undefined, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'REPOSITORY_NOT_FOUND')) throw error
  }
  return createRepository(restic, stackRoot, ctx)
}

/**
 * Two `restic init` at one moment leave a key that does not fit, and nobody opens the repository again. Here only one of
 * them runs on this machine; no lock reaches another one.
 */
async function createRepository(restic: Restic, stackRoot: string, ctx: Context): Promise<Listing> {
  const { directory } = restic.place
  using _lock = await lockDirectory(tmpdir(), ctx)
  try {
    return await listStored(restic, undefined, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'REPOSITORY_NOT_FOUND')) throw error
  }
  await restic.call(['init', '--json'], ctx)
  if (directory !== undefined) await keepOutOfGit(directory, stackRoot)
  return { stored: [], unreadable: [] }
}

/** Waits for a lock on a directory, which the kernel frees when this process ends. It changes nothing in it. */
async function lockDirectory(directory: string, ctx: Context): Promise<Disposable> {
  const descriptor = openSync(directory, 'r')
  try {
    while (!tryLock(descriptor)) await ctx.clock.sleep(100, ctx.signal)
    return { [Symbol.dispose]: () => closeSync(descriptor) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** A repository inside the stack is hidden from git at the moment it is made. restic leaves other files in it alone. */
async function keepOutOfGit(directory: string, stackRoot: string): Promise<void> {
  const way = relative(stackRoot, directory)
  if (way === '..' || way.startsWith('../')) return
  await writeFile(join(directory, '.gitignore'), '*\n', { mode: 0o600 })
}

/** Of a repository elsewhere only its own answer can tell, and that is: there is none. */
async function proveCreatable({ place: { directory } }: Restic, ctx: Context): Promise<void> {
  if (directory === undefined) return
  for (let at = directory; ; at = dirname(at)) {
    ctx.signal.throwIfAborted()
    const found = await stat(at).catch(() => undefined)
    if (!found && at !== '/') continue
    if (!found?.isDirectory()) throw notADirectory(at, directory)
    await access(at, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
      throw new AngeeError('BACKEND_READ_ONLY', `${directory} cannot be made: ${at} cannot be written`, {
        hint: `Give this user the right to write ${at}, or use another repository.`,
        context: { directory },
        cause,
      })
    })
    return
  }
}

function notADirectory(at: string, directory: string): AngeeError {
  return new AngeeError('BACKEND_UNAVAILABLE', `${directory} cannot be a repository: ${at} is no directory`, {
    hint: "Correct the backend's repository.",
    context: { directory },
  })
}
