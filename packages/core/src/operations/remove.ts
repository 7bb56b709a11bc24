import { readCatalog, updateRecords } from '../catalog/index.ts'
import type { Context } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { openJournals } from '../journal/index.ts'
import { lockStack } from '../lock/index.ts'
import type { Stack } from '../stack/index.ts'

/**
 * Removes a snapshot from backend and catalog. Idempotent. SNAPSHOT_PINNED for a safety snapshot that nothing has
 * superseded yet (unless `force`), and always for one that an unfinished restore needs.
 */
export async function removeSnapshot(stack: Stack, id: string, force: boolean, ctx: Context): Promise<void> {
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'remove', id }, stack.files, ctx.clock)
  for await (const _ of removeEach(stack, [id], force, ctx));
}

/**
 * The same for several, in this order, and for a caller that holds the stack's lock. Yields each when it is gone from the
 * backend; it may be cancelled between any two. The catalog is written once for every twentieth of it, and at the end, whatever happens: a process that is
 * killed leaves no more than that to be noticed as missing.
 */
export async function* removeEach(
  stack: Stack,
  ids: readonly string[],
  force: boolean,
  ctx: Context,
): AsyncGenerator<string> {
  const { records } = await readCatalog(stack.store)
  await refusePinned(stack, ids, force ? [] : records.filter(({ pinned }) => pinned === true))
  const atOnce = Math.max(1, Math.floor(records.length / 20))
  // A removal that has begun is finished: broken off, it might have taken the snapshot and left its record.
  const toItsEnd = { ...ctx, signal: new AbortController().signal }
  const gone = new Set<string>()
  const dropRecords = async (): Promise<void> => {
    await updateRecords(stack.store, (all) => all.filter(({ id }) => !gone.has(id)))
    gone.clear()
  }
  try {
    for (const id of ids) {
      ctx.signal.throwIfAborted()
      await stack.backend.delete(id, toItsEnd)
      gone.add(id)
      if (gone.size >= atOnce) await dropRecords()
      yield id
    }
  } finally {
    if (gone.size > 0) await dropRecords()
  }
}

async function refusePinned(stack: Stack, ids: readonly string[], pinned: readonly { id: string }[]): Promise<void> {
  const journals = await openJournals<{ safety?: string | null }>(stack.store)
  const needed = ids.find((id) => journals.some(({ entry }) => entry.safety === id))
  if (needed !== undefined) {
    throw new AngeeError('SNAPSHOT_PINNED', `snapshot ${needed} is what an unfinished restore returns to`, {
      hint: 'Run any backup or restore first: it finishes or undoes that restore.',
    })
  }
  const found = pinned.find(({ id }) => ids.includes(id))
  if (!found) return
  throw new AngeeError(
    'SNAPSHOT_PINNED',
    `snapshot ${found.id} is the safety snapshot of a restore, and no newer snapshot exists`,
    {
      hint: 'Take a snapshot first, or remove it all the same with --force.',
    },
  )
}
