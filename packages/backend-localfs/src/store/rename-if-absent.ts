import { lstat, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '@angee/core'
import { tryLock } from '@angee/core/posix'
import { undefinedIfMissing } from './directories.ts'
import { incomingName } from './key.ts'

const lockName = 'publishing.lock'
const pauseMilliseconds = 5

/**
 * For file systems without hard links (exFAT, FAT and some network ones): looks and renames under a lock that every
 * writer of this store takes. EEXIST when the target exists.
 */
export async function renameIfAbsent(root: string, path: string, target: string, ctx: Context): Promise<void> {
  await using lock = await open(join(root, incomingName, lockName), 'a', 0o600)
  while (!tryLock(lock.fd)) await ctx.clock.sleep(pauseMilliseconds, ctx.signal)
  if (await lstat(target).catch(undefinedIfMissing))
    throw Object.assign(new Error(`${target} exists`), { code: 'EEXIST' })
  await rename(path, target)
}
