import type { Context, SnapshotManifest } from '../contract/index.ts'
import { AngeeError, toAngeeError } from '../errors/index.ts'
import { openJournal } from '../journal/index.ts'
import { lockStack } from '../lock/index.ts'
import { readLastRestore } from '../restore/history.ts'
import { planRestore, type RestorePlan, type RestoreRequest } from '../restore/plan.ts'
import { firstEntry, replaceParts } from '../restore/restore.ts'
import { rollback } from '../restore/rollback.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'
import { recoverInterrupted } from './recover.ts'

export interface RestoreOptions {
  /** The id of the operation: a ULID that no other has. A new one when absent. */
  id?: string
  /** Give up an earlier restore that could be neither finished nor undone. Its staging is kept aside. */
  abandonUnfinished?: boolean
}

export interface RestoreResult {
  plan: RestorePlan
  /** The snapshot of the target taken first, if there was anything to save. */
  safety: SnapshotManifest | undefined
}

/**
 * Restores a snapshot into the stack: afterwards the stack is wholly new, or, when this rejects, wholly old.
 * RESTORE_UNFINISHED is the one error after which it is neither; every later command then tries again first.
 */
export async function restoreSnapshot(
  stack: Stack,
  request: RestoreRequest,
  options: RestoreOptions,
  ctx: Context,
): Promise<RestoreResult> {
  const operation = options.id ?? newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(
    stack.place.stateDirectory,
    { operation: 'restore', id: operation },
    stack.files,
    ctx.clock,
  )
  await recoverInterrupted(stack, ctx, options.abandonUnfinished)
  // Without `await` the lock would be freed before anything is done.
  return await restoreLocked(stack, operation, request, ctx)
}

/** The same for a caller that holds the stack's lock and has dealt with what was left half done. */
export async function restoreLocked(
  stack: Stack,
  operation: string,
  request: RestoreRequest,
  ctx: Context,
): Promise<RestoreResult> {
  const plan = await planRestore(stack, request, ctx)
  request.agree?.(plan)
  const journal = await openJournal(stack.store, operation, await firstEntry(stack, plan, operation, ctx))
  try {
    const safety = await replaceParts(stack, plan, request, operation, journal, ctx)
    return { plan, safety }
  } catch (error) {
    if (journal.entry.phase === 'cleaning') throw error
    await rollback(stack, journal, { ...ctx, signal: new AbortController().signal })
    throw undone(toAngeeError(error, 'RESTORE_FAILED'))
  }
}

/** Returns the stack to what the last finished restore replaced. NOTHING_TO_UNDO. */
export async function undoRestore(stack: Stack, options: RestoreOptions, ctx: Context): Promise<RestoreResult> {
  return restoreSnapshot(stack, await undoRequest(stack), options, ctx)
}

/** What an undo would restore: the safety snapshot of the last restore, and nothing where nothing was. NOTHING_TO_UNDO. */
export async function undoRequest(stack: Stack): Promise<RestoreRequest> {
  const { safety, snapshot, emptyBefore } = await readLastRestore(stack.store)
  if (safety === null) return { snapshot, only: [], emptied: emptyBefore }
  return { snapshot: safety, allowPartial: true, emptied: emptyBefore }
}

function undone(error: AngeeError): AngeeError {
  if (error.code === 'INTERRUPTED') return error
  return new AngeeError(error.code, `${error.message}\nThe restore was undone: the stack is as it was.`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    context: { ...error.context, undone: true },
    cause: error,
    retry: error.retry,
  })
}
