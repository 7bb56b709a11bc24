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
  await removeLocked(stack, id, force, ctx)
}

/** The same for a caller that holds the stack's lock. */
export async function removeLocked(stack: Stack, id: string, force: boolean, ctx: Context): Promise<void> {
  const journals = await openJournals<{ safety?: string | null }>(stack.store)
  if (journals.some(({ entry }) => entry.safety === id)) {
    throw new AngeeError('SNAPSHOT_PINNED', `snapshot ${id} is what an unfinished restore returns to`, {
      hint: 'Run any backup or restore first: it finishes or undoes that restore.',
    })
  }
  const { records } = await readCatalog(stack.store)
  if (records.find((record) => record.id === id)?.pinned === true && !force) {
    throw new AngeeError(
      'SNAPSHOT_PINNED',
      `snapshot ${id} is the safety snapshot of a restore, and no newer snapshot exists`,
      {
        hint: 'Take a snapshot first, or remove it all the same with --force.',
      },
    )
  }
  await stack.backend.delete(id, ctx)
  await updateRecords(stack.store, (all) => all.filter((record) => record.id !== id))
}
