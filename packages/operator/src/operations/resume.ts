import { type Context, isAngeeError, openStack, recoverStack, type Stack, toAngeeError } from '@angee/core'
import { withoutSecrets } from '../json.ts'
import type { KindSpec } from './kind.ts'
import { kinds } from './kinds/index.ts'
import type { Machinery } from './operations.ts'
import { interruptedWhile } from './outcome.ts'
import { outputLines } from './progress.ts'
import { failureOf, hasEnded, type OperationRecord } from './record.ts'

/**
 * Deals with what an operator left that died: finishes or undoes what is half done in the stack, then finds out what came
 * of each operation and says so in its record. Also where no operation is known: a command may have died.
 * The reason when the stack cannot be brought in order; the operations then say that they were interrupted. Aborted, it
 * leaves everything to the next one.
 */
export async function resumeOperations(machinery: Machinery, signal: AbortSignal): Promise<unknown> {
  const { records, opening, ctx } = machinery
  const cut = records.heads().filter((head) => !hasEnded(head))
  const tellAll = (message: string): void => {
    for (const { id, state } of cut) if (state === 'running') tell(machinery, id, { type: 'note', message })
  }
  const own: Context = {
    ...ctx,
    signal,
    onProgress: (event) => {
      if (event.type === 'note' || event.type === 'phase') tellAll(event.message)
    },
  }
  tellAll('the operator was started again; what was half done is finished or undone first')
  let problem: unknown
  try {
    await using stack = await openStack(opening, own)
    problem = await recover(stack, own)
    signal.throwIfAborted()
    for (const { id } of cut) await settle(machinery, id, stack, own, problem)
  } catch (error) {
    // The stack does not open. Nothing is known but that they were interrupted.
    problem = error
    if (signal.aborted) return problem
    for (const { id } of cut) await settle(machinery, id, undefined, own, error)
  }
  return problem
}

async function recover(stack: Stack, ctx: Context): Promise<unknown> {
  try {
    await recoverStack(stack, false, ctx)
    return undefined
  } catch (error) {
    // Somebody else is at work there, and has dealt with it before they began.
    if (isAngeeError(error, 'LOCKED')) return undefined
    ctx.logger.error('what was left half done cannot be brought in order', { error: String(error) })
    return error
  }
}

async function settle(
  machinery: Machinery,
  id: string,
  stack: Stack | undefined,
  ctx: Context,
  problem: unknown,
): Promise<void> {
  const { records, events, listener } = machinery
  const record = await records.read(id)
  if (record === undefined || hasEnded(record)) return
  Object.assign(record, withoutSecrets(await endingOf(machinery, record, stack, ctx, problem)), {
    endedAt: new Date(ctx.clock.now()).toISOString(),
  })
  for (const forgotten of await records.write(record)) events.remove(forgotten.id)
  tell(machinery, id, { type: 'end', state: record.state, error: record.error })
  events.close(id)
  listener.ended(record)
}

async function endingOf(
  { effects, workspaces }: Machinery,
  record: OperationRecord,
  stack: Stack | undefined,
  ctx: Context,
  problem: unknown,
): Promise<Pick<OperationRecord, 'state' | 'result' | 'error'>> {
  if (record.state === 'queued') return interrupted('queued', '')
  if (problem !== undefined) return { ...interrupted('running', ''), error: failureOf(toAngeeError(problem)) }
  const spec = kinds[record.kind] as unknown as KindSpec<object>
  if (stack === undefined || spec.settle === undefined) {
    return interrupted('running', 'what it had begun and must not stay half done is finished or undone')
  }
  const output = outputLines(() => undefined)
  try {
    const result = await spec.settle(record.input, { id: record.id, stack, ctx, output, effects, workspaces })
    if (result) return { state: 'succeeded', result, error: null }
    return interrupted('running', 'it is undone, and nothing of it is left')
  } catch (error) {
    return { ...interrupted('running', ''), error: failureOf(toAngeeError(error)) }
  }
}

function interrupted(state: 'queued' | 'running', outcome: string) {
  return { state: 'interrupted' as const, result: null, error: failureOf(interruptedWhile(state, outcome)) }
}

function tell({ events, ctx }: Machinery, id: string, event: { type: string } & Record<string, unknown>): void {
  const { type, ...rest } = withoutSecrets(event)
  try {
    events.append(id, { type, at: new Date(ctx.clock.now()).toISOString(), ...rest })
  } catch (error) {
    ctx.logger.error('an event cannot be kept', { operation: id, error: String(error) })
  }
}
