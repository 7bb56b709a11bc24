import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Context } from '@angee/core'
import { syncFileSystem } from '@angee/core/posix'
import { stopOnAbort } from '../thread.ts'

/*
 * When the times of a file tell of every change of it. See docs/decisions/0011-unchanged-trees.md.
 */

/**
 * File systems, by the type that statfs(2) tells, whose times were seen to change with every kind of change, a store
 * through a mapping of a clean page included: ext2, ext3, ext4; XFS; Btrfs.
 */
const trusted = new Set([0xef53, 0x58465342, 0x9123683e])

/**
 * This start of the machine. After a crash a file may have new bytes under old times, so nothing is remembered beyond
 * it. Undefined where the platform does not tell.
 */
export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return undefined
  }
}

/**
 * Makes every later change below `directory` show in times, and gives the moment that counts as the last one before, in
 * milliseconds since 1970; undefined where that cannot be had. A store through a mapping changes the times only of a
 * page that was clean, so all pages are written out and are clean afterwards. It is the beginning that counts: a page
 * written out early may be stored to, and be dirty, before the last one is out.
 */
export async function settleTimes(directory: string, ctx: Context): Promise<number | undefined> {
  ctx.signal.throwIfAborted()
  if (bootId() === undefined) return undefined
  const since = ctx.clock.now()
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => undefined)
  const offAbort = stopOnAbort(ctx, () => aborted.reject(ctx.signal.reason))
  try {
    if (!trusted.has((await statfs(directory)).type)) return undefined
    // A disk may take its time; whoever cancels does not have to.
    await Promise.race([syncFileSystem(directory), aborted.promise])
    return since
  } catch {
    ctx.signal.throwIfAborted()
    return undefined
  } finally {
    offAbort()
  }
}
