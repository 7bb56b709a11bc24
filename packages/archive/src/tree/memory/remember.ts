import { rm } from 'node:fs/promises'
import type { Context, TreeMemory, TreeSource } from '@angee/core'
import { startTreeThread, stopOnAbort } from '../thread.ts'
import { settleTimes } from './trust.ts'
import type { Remember } from './write.ts'

/** When times were settled for a comparison that found a change: the reading that follows need not do it again. */
const settledFor = new WeakMap<TreeMemory, number>()

/** What a reading that begins now is to remember, and where; undefined where its times would not tell of every change. */
export async function toRemember(
  { directory, memory }: Pick<TreeSource, 'directory' | 'memory'>,
  ctx: Context,
): Promise<Remember | undefined> {
  if (!memory) return undefined
  // Of an earlier reading. Where it cannot be removed, its tree digest still tells whose it is.
  await rm(memory.next, { force: true }).catch(() => undefined)
  const since = settledFor.get(memory) ?? (await settleTimes(directory, ctx))
  settledFor.delete(memory)
  return since === undefined ? undefined : { into: memory.next, since }
}

/** See TreeSource.unchanged. */
export async function isUnchanged(
  { directory, exclude, previous, memory }: Pick<TreeSource, 'directory' | 'exclude' | 'previous' | 'memory'>,
  ctx: Context,
): Promise<boolean> {
  const treeDigest = previous?.stored.tree?.digest
  if (treeDigest === undefined || memory?.last === undefined) return false
  const since = await settleTimes(directory, ctx)
  if (since === undefined) return false
  settledFor.set(memory, since)
  const task = { task: 'compare' as const, directory, exclude, last: memory.last, treeDigest }
  const thread = startTreeThread(task, () => undefined)
  const offAbort = stopOnAbort(ctx, () => void thread.stop())
  try {
    return await thread.outcome
  } catch {
    ctx.signal.throwIfAborted()
    return false
  } finally {
    offAbort()
    await thread.stop()
  }
}
