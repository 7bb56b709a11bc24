import type { Context } from '../contract/index.ts'
import type { Journal } from '../journal/index.ts'
import type { Stack } from '../stack/index.ts'
import { writeLastRestore } from './history.ts'
import type { RestoreJournal } from './journal-entry.ts'
import { removeStaging } from './tidy.ts'

/** The last steps of a restore that is done: nothing here can change the outcome. Safe to repeat. */
export async function finishRestore(stack: Stack, journal: Journal<RestoreJournal>, ctx: Context): Promise<void> {
  const { snapshot, safety, emptyBefore, staging, swap } = journal.entry
  await removeStaging(stack, staging, swap?.after ?? [])
  const finishedAt = new Date(ctx.clock.now()).toISOString()
  await writeLastRestore(stack.store, { operation: journal.id, snapshot, finishedAt, safety, emptyBefore })
  await journal.close()
}
