import { join } from 'node:path'
import type { Context, PartId } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Journal } from '../journal/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'
import type { RestoreJournal } from './journal-entry.ts'
import { loadDump } from './load.ts'
import { asFound, startForHooks, stopAll } from './services.ts'
import { undoMoveIn, undoMoveOut } from './swap.ts'
import { makeRoom, removeStaging } from './tidy.ts'

/**
 * Undoes a restore from wherever it stopped: trees swapped back, dumps of the safety snapshot loaded, services as they
 * were. Safe to repeat after an interruption of its own. RESTORE_UNFINISHED, and the journal stays, when it cannot.
 */
export async function rollback(stack: Stack, journal: Journal<RestoreJournal>, ctx: Context): Promise<void> {
  ctx.onProgress({ type: 'phase', phase: 'undo', message: `undoing the restore of ${journal.entry.snapshot}` })
  try {
    await makeRoom(stack, journal.entry)
    await journal.write({ undoing: true })
    await undoTrees(stack, journal, ctx)
    await undoLoads(stack, journal, ctx)
    await asFound(stack, journal.entry, ctx)
    await removeStaging(stack, journal.entry.staging, journal.entry.around)
    await journal.close()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    await journal.write({ stuck: reason }).catch(() => undefined)
    throw unfinished(journal.entry, reason, error)
  }
}

async function undoTrees(stack: Stack, journal: Journal<RestoreJournal>, ctx: Context): Promise<void> {
  const { phase, swap } = journal.entry
  if (swap === null || phase === 'staging' || phase === 'safety' || phase === 'stopping') return
  await stopAll(stack, ctx)
  if (phase !== 'out') {
    await undoMoveIn(stack.files, swap)
    await journal.write({ phase: 'out' })
  }
  await undoMoveOut(stack.files, swap)
  await journal.write({ swap: null })
}

async function undoLoads(stack: Stack, journal: Journal<RestoreJournal>, ctx: Context): Promise<void> {
  const { loading, emptyBefore, safety } = journal.entry
  if (loading.length === 0) return
  const parts = stack.scope.filter((part) => part.kind === 'stream').filter(({ id }) => loading.includes(id))
  const wasEmpty = parts.filter(({ id }) => emptyBefore.includes(id))
  if (wasEmpty.length > 0) await emptyAgain(stack, wasEmpty, ctx)
  const saved = parts.filter(({ id }) => !emptyBefore.includes(id))
  if (saved.length === 0) return
  if (safety === null) throw withoutSafety(saved.map(({ id }) => id))
  await startForHooks(stack, saved, journal, {}, ctx)
  await using reader = await stack.backend.reader(safety, ctx)
  for (const part of saved) await loadDump(stack, part, await reader.getStream(part.id, ctx), ctx)
}

/** A service that held nothing gets its covered directories back as they were: with nothing in them. */
async function emptyAgain(stack: Stack, parts: readonly StreamPart[], ctx: Context): Promise<void> {
  await stopAll(stack, ctx)
  for (const { covers } of parts) {
    for (const path of covers) {
      const directory = join(stack.place.base, path)
      for (const name of await stack.files.names(directory)) await stack.trees.remove(join(directory, name.toString()))
    }
  }
}

function withoutSafety(parts: readonly PartId[]): AngeeError {
  return new AngeeError(
    'RESTORE_UNFINISHED',
    `${parts.join(', ')} may be half restored, and there is no safety snapshot to return to`,
    {
      hint: 'Restore a good snapshot over it.',
    },
  )
}

function unfinished({ snapshot, safety }: RestoreJournal, reason: string, cause: unknown): AngeeError {
  const way =
    safety === null ? 'There was no safety snapshot.' : `The safety snapshot ${safety} holds what was there before.`
  return new AngeeError('RESTORE_UNFINISHED', `the restore of ${snapshot} is neither done nor undone: ${reason}`, {
    hint: `${way} Repair what the message names and run any command to try again, or restore over it: angee stack restore ID --abandon`,
    context: { snapshot, safety },
    cause,
  })
}
