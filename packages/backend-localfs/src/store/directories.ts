import { constants } from 'node:fs'
import { lstat, mkdir, open, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AngeeError } from '@angee/core'
import { gitIgnoreName } from './key.ts'
import { hasCode, isMissing } from './store-error.ts'

/** Makes the store's own directory and those above it where they are missing. Made ones survive a power cut. */
export async function makeRoot(root: string, keepOutOfGit: boolean): Promise<void> {
  const made = await makeWithParents(root)
  if (made.length === 0) return
  if (keepOutOfGit) await writeFile(join(root, gitIgnoreName), '*\n', { mode: 0o600, flag: 'a' })
  for (const directory of made) await syncDirectory(dirname(directory))
}

/** The directories it had to make, the outermost first. Node's own recursive mkdir says ENOENT of a read-only disk. */
async function makeWithParents(directory: string): Promise<string[]> {
  try {
    await mkdir(directory, { mode: 0o700 })
    return [directory]
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return await nothingMade(directory)
    if (!hasCode(error, 'ENOENT') || directory === dirname(directory)) throw error
  }
  return [...(await makeWithParents(dirname(directory))), ...(await makeWithParents(directory))]
}

async function nothingMade(directory: string): Promise<[]> {
  if ((await stat(directory)).isDirectory()) return []
  throw Object.assign(new Error(`${directory} is not a directory`), { code: 'ENOTDIR' })
}

/** Makes the directories of an object below `root` and returns the last one. A symbolic link among them is refused. */
export async function makeParents(root: string, segments: readonly string[]): Promise<string> {
  let directory = root
  for (const segment of segments) {
    directory = join(directory, segment)
    await makeDirectory(directory)
  }
  return directory
}

/** Makes one directory of mode 0700, or finds it there. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    const found = await lstat(directory)
    if (!found.isDirectory()) throw notADirectory(directory, found.isSymbolicLink())
  }
}

/**
 * The directory below `root` with that path, or undefined where it is missing or a symbolic link is on the way: what a
 * link points to was not stored here.
 */
export async function existingDirectory(root: string, segments: readonly string[]): Promise<string | undefined> {
  let directory = root
  for (const segment of segments) {
    directory = join(directory, segment)
    const found = await lstat(directory).catch(undefinedIfMissing)
    if (!found?.isDirectory()) return undefined
  }
  return directory
}

/** The path an object of that key has, or undefined where its directory does not exist. */
export async function pathOf(root: string, segments: readonly string[]): Promise<string | undefined> {
  const directory = await existingDirectory(root, segments.slice(0, -1))
  return directory && join(directory, segments.at(-1) ?? '')
}

/** Removes the directories of an object that are empty now, from the innermost outwards, never `root` itself. */
export async function removeEmptyParents(root: string, path: string): Promise<void> {
  for (let directory = dirname(path); directory !== root; directory = dirname(directory)) {
    try {
      await rmdir(directory)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) continue
      return
    }
  }
}

/** Makes the names in `directory` and in those above it, up to `root`, survive a power cut. */
export async function syncUpTo(root: string, directory: string): Promise<void> {
  for (let next = directory; ; next = dirname(next)) {
    await syncDirectory(next)
    if (next === root) return
  }
}

/**
 * Makes the names in a directory survive a power cut. Some file systems cannot sync a directory, one above the store
 * may not be ours to open, and one that a delete removed at this moment has no names left.
 */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
    await handle.sync()
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EPERM', 'ENOENT')) throw error
  }
}

/** For `catch`: what is missing is undefined, every other error goes on. */
export function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

function notADirectory(path: string, isLink: boolean): AngeeError {
  return new AngeeError('BACKEND_FAILED', `${path} is ${isLink ? 'a symbolic link' : 'not a directory'}`, {
    hint: `Objects are stored only below real directories. Move it away, or set the backend's path to where it points.`,
    context: { path },
  })
}
