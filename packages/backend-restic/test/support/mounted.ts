import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../temporary-directory.ts'

const run = promisify(execFile)

export interface MountedDirectory extends AsyncDisposable {
  path: string
  /** Mounts it anew with other options, e.g. `ro`. */
  remount(options: string): Promise<void>
}

/** A small file system of its own in memory, or undefined where this user may not mount one. */
export async function mountedDirectory(options: string): Promise<MountedDirectory | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const directory = await temporaryDirectory()
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory.path])
  } catch (error) {
    await directory[Symbol.asyncDispose]()
    if (/permission denied|not permitted/i.test(String(error))) return undefined
    throw error
  }
  return {
    path: directory.path,
    remount: async (changed) => void (await run('mount', ['-o', `remount,${changed}`, directory.path])),
    [Symbol.asyncDispose]: async () => {
      await run('umount', ['-l', directory.path])
      await directory[Symbol.asyncDispose]()
    },
  }
}

export const mayNotMount = 'this user may not mount a file system'
