import { closeSync, openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { Context } from '@angee/core'
import { tryLock } from '@angee/core/posix'
import type { Home } from '../home.ts'

/**
 * Runs `work` while nobody else starts, changes or ends the server of this stack. The kernel frees the lock when this
 * process ends, however it ends.
 */
export async function alone<Result>(
  home: Pick<Home, 'directory' | 'lock'>,
  work: () => Promise<Result>,
  ctx: Context,
): Promise<Result> {
  ctx.signal.throwIfAborted()
  await mkdir(home.directory, { recursive: true, mode: 0o700 })
  const descriptor = openSync(home.lock, 'a', 0o600)
  try {
    while (!tryLock(descriptor)) await ctx.clock.sleep(50, ctx.signal)
    return await work()
  } finally {
    closeSync(descriptor)
  }
}
