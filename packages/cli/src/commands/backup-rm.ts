import {
  AngeeError,
  type CatalogRecord,
  exitCodes,
  isAngeeError,
  readCatalog,
  removeSnapshot,
  resolveSnapshot,
} from '@angee/core'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { describeSnapshot } from '../output/describe.ts'
import { printResult } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { type Session, withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

interface Doomed {
  id: string
  /** What a person knows it by. */
  label: string
}

/** Removes snapshots after asking. All of them must be known before the first one goes. */
export async function backupRm(surface: Surface, references: readonly string[], force: boolean): Promise<number> {
  const question = questionFor(references)
  requireSomeoneToAsk(surface, question)
  const removed = await withStack(surface, { events: 'lines' }, async (session) => {
    const doomed = await find(references, session)
    for (const { label } of surface.yes ? [] : doomed) surface.err(`  ${label}\n`)
    if (!(await confirmed(surface, question, session.ctx.signal))) throw declined()
    const ids = await removeAll(doomed, force, session)
    await giveBackRoom(session)
    return ids
  })
  return printRemoved(surface, removed)
}

/** Prints which snapshots are gone. */
export async function printRemoved(surface: Surface, removed: readonly string[]): Promise<number> {
  await printResult(surface, { operation: 'rm', removed, exitCode: exitCodes.done }, removed, () =>
    removed.map((id) => `Removed ${id}\n`).join(''),
  )
  return exitCodes.done
}

/** What has to be agreed to. */
export function questionFor(references: readonly string[]): string {
  return `Remove ${counted(references.length, 'snapshot')} for ever?`
}

async function find(references: readonly string[], { stack, ctx }: Session): Promise<Doomed[]> {
  const { records } = await readCatalog(stack.store)
  const doomed = new Map<string, Doomed>()
  for (const reference of references) {
    const id = await resolveSnapshot(stack, reference, ctx)
    const record = records.find((one) => one.id === id)
    if (!record) await requireStored(id, { stack, ctx })
    doomed.set(id, { id, label: labelOf(id, record) })
  }
  return [...doomed.values()]
}

function labelOf(id: string, record: CatalogRecord | undefined): string {
  return record === undefined ? `${id} (not in the catalog)` : describeSnapshot(record, Date.now())
}

/** A whole id may be a slip of the hand. One that is there but damaged, or of a newer format, can be removed. */
async function requireStored(id: string, { stack, ctx }: Pick<Session, 'stack' | 'ctx'>): Promise<void> {
  try {
    await stack.backend.stat(id, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT') && !isAngeeError(error, 'FORMAT_TOO_NEW')) throw error
  }
}

async function removeAll(doomed: readonly Doomed[], force: boolean, { stack, ctx }: Session): Promise<string[]> {
  const removed: string[] = []
  for (const { id } of doomed) {
    try {
      ctx.signal.throwIfAborted()
      await removeSnapshot(stack, id, force, ctx)
      removed.push(id)
    } catch (error) {
      throw removed.length === 0 ? error : stoppedAfter(removed, error)
    }
  }
  return removed
}

/** Once for all of them: a backend that deduplicates has to find out first what nobody needs any more. */
async function giveBackRoom({ stack, ctx }: Session): Promise<void> {
  try {
    await stack.backend.collectGarbage?.(ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    ctx.onProgress({ type: 'note', message: `a later run gives their room back: ${reason}` })
  }
}

/** The error that ended a removal of several, with what was removed before. */
export function stoppedAfter(removed: readonly string[], error: unknown): unknown {
  if (!isAngeeError(error)) return error
  return new AngeeError(error.code, `${error.message}\nRemoved before that: ${removed.join(', ')}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    context: { ...error.context, removed },
    cause: error,
  })
}
