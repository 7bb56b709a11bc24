import { type Context, isAngeeError } from '@angee/core'
import type { Restic } from '../program/restic.ts'

/** restic takes ids as arguments, and an argument list has an end. */
const idsAtOnce = 500

/**
 * Removes restic snapshots by their exact ids; those that are gone are done already. Their bytes stay until a prune.
 * It needs the repository for itself: `at once` gives up with LOCKED, `waiting` waits for others to end first.
 */
export async function forget(
  restic: Restic,
  resticIds: readonly string[],
  patience: 'at once' | 'waiting',
  ctx: Context,
): Promise<void> {
  for (let at = 0; at < resticIds.length; at += idsAtOnce) {
    await alone(restic, ['forget', ...resticIds.slice(at, at + idsAtOnce)], patience, ctx)
  }
}

/** Runs what needs the repository for itself. Locks of processes that are no more do not keep it from that. */
export async function alone(
  restic: Restic,
  words: readonly string[],
  patience: 'at once' | 'waiting',
  ctx: Context,
): Promise<string> {
  try {
    return (await restic.call([...words, '--json'], ctx)).stdout
  } catch (error) {
    if (!isAngeeError(error, 'LOCKED')) throw error
  }
  await restic.call(['unlock'], ctx)
  const waiting = patience === 'waiting' ? ['--retry-lock=5m'] : []
  return (await restic.call([...words, ...waiting, '--json'], ctx)).stdout
}
