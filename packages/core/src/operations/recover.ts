import { join } from 'node:path'
import type { Context } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { openJournal, openJournals } from '../journal/index.ts'
import { lockStack } from '../lock/index.ts'
import { finishRestore } from '../restore/finish.ts'
import type { RestoreJournal } from '../restore/journal-entry.ts'
import { rollback } from '../restore/rollback.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { SnapshotJournal } from '../snapshot/journal-entry.ts'
import { release } from '../snapshot/quiesce.ts'
import { catalogSnapshot } from '../snapshot/snapshot.ts'
import type { Stack } from '../stack/index.ts'

type Entry = SnapshotJournal | RestoreJournal

/** An operation that has a journal: a running one, or one whose process died. */
export interface Unfinished {
  id: string
  type: Entry['type']
  /** The snapshot that was being restored; for a backup its own id. */
  snapshot: string
  startedAt: string
}

/** The operations that have a journal, oldest first. While nobody holds the stack's lock these are interrupted ones. */
export async function unfinishedOperations({ store }: Pick<Stack, 'store'>): Promise<Unfinished[]> {
  const journals = await openJournals<Entry>(store)
  return journals.map(({ id, entry }) => ({
    id,
    type: entry.type,
    snapshot: entry.type === 'restore' ? entry.snapshot : id,
    startedAt: entry.startedAt,
  }))
}

/**
 * Finishes or undoes under the stack's lock what a process that died left half done, and does nothing else. Returns
 * what it dealt with. LOCKED, RESTORE_UNFINISHED.
 */
export async function recoverStack(stack: Stack, abandon: boolean, ctx: Context): Promise<Unfinished[]> {
  if ((await unfinishedOperations(stack)).length === 0) return []
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'recover', id }, stack.files, ctx.clock)
  const found = await unfinishedOperations(stack)
  await recoverInterrupted(stack, ctx, abandon)
  return found
}

/**
 * Finishes or undoes what a process that died left half done. The caller holds the stack's lock.
 * Snapshots first, so that no service is frozen when a restore is undone. RESTORE_UNFINISHED when that fails.
 */
export async function recoverInterrupted(stack: Stack, ctx: Context, abandon = false): Promise<void> {
  const journals = await openJournals<Entry>(stack.store)
  for (const { id, entry } of journals) if (entry.type === 'snapshot') await recoverSnapshot(stack, id, entry, ctx)
  for (const { id, entry } of journals)
    if (entry.type === 'restore') await recoverRestore(stack, id, entry, abandon, ctx)
}

async function recoverSnapshot(stack: Stack, id: string, entry: SnapshotJournal, ctx: Context): Promise<void> {
  ctx.onProgress({ type: 'note', message: `cleaning up after the interrupted backup ${id}` })
  const [problem] = await release(stack, entry, ctx)
  if (problem) {
    throw new AngeeError(
      'SNAPSHOT_FAILED',
      `backup ${id} was interrupted, and its services cannot be brought back: ${problem.message}`,
      {
        hint: 'Start them by hand, then run the command again.',
        cause: problem,
        retry: 'later',
      },
    )
  }
  await settleSnapshot(stack, id, ctx)
  await stack.backend.collectGarbage?.(ctx)
  await (await openJournal(stack.store, id, entry)).close()
}

/** It was committed, and lacks at most its catalog record; or it was not, and what it had written is removed. */
async function settleSnapshot(stack: Stack, id: string, ctx: Context): Promise<void> {
  try {
    await catalogSnapshot(stack, await stack.backend.stat(id, ctx))
  } catch (error) {
    if (!isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) throw error
    await stack.backend.delete(id, ctx)
  }
}

async function recoverRestore(
  stack: Stack,
  id: string,
  entry: RestoreJournal,
  abandon: boolean,
  ctx: Context,
): Promise<void> {
  const journal = await openJournal(stack.store, id, entry)
  if (entry.phase === 'cleaning') return finishRestore(stack, journal, ctx)
  ctx.onProgress({
    type: 'note',
    message: `the restore of ${entry.snapshot} was interrupted while ${entry.phase}; undoing it`,
  })
  try {
    await rollback(stack, journal, ctx)
  } catch (error) {
    if (!abandon) throw error
    const aside = join(stack.place.stateDirectory, 'abandoned', id)
    ctx.onProgress({ type: 'note', message: `giving it up; what it had moved lies in ${entry.staging.join(', ')}` })
    await stack.files.makeDirectory(aside)
    await stack.files.writeDurably(
      join(aside, 'journal.json'),
      Buffer.from(JSON.stringify(journal.entry, undefined, 1)),
    )
    await journal.close()
  }
}
