import { exitCodes, overridePolicy, type PruneRequest, pruneSnapshots } from '@angee/core'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { counted, formatBytes } from '../output/format.ts'
import {
  formatRetention,
  idsToRemove,
  type RetentionFacts,
  retentionFacts,
  storedBytesOf,
} from '../output/retention.ts'
import { type Session, withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { type PruneOptions, policyOf } from './prune-options.ts'

/** Removes what the retention policy does not keep, after showing it; or only shows it. */
export async function backupPrune(surface: Surface, options: PruneOptions): Promise<number> {
  const given = policyOf(surface, options)
  if (!options.dryRun) requireSomeoneToAsk(surface, 'Remove snapshots for ever?')
  const whenInterrupted = 'what was not removed by then is whole'
  return withStack(surface, { events: 'lines', whenInterrupted }, async (session) => {
    const request: PruneRequest = {
      allowShrink: options.allowShrink === true,
      ...(given === undefined ? {} : { policy: overridePolicy(session.stack.manifest.retention, given) }),
    }
    if (options.dryRun) return showPlan(surface, request, session)
    if (surface.yes) return prune(surface, request, session)
    return askAndPrune(surface, request, session)
  })
}

async function showPlan(surface: Surface, request: PruneRequest, session: Session): Promise<number> {
  const facts = await lookAhead(request, session)
  return printPrunePlan(surface, facts, request.allowShrink === true)
}

async function lookAhead(request: PruneRequest, { stack, ctx, progress }: Session): Promise<RetentionFacts> {
  const result = await pruneSnapshots(stack, { ...request, dryRun: true }, ctx)
  progress.end('erase')
  return retentionFacts(result, stack.manifest.timezone)
}

/** Prints what a prune would do. Gives its exit code. */
export async function printPrunePlan(surface: Surface, facts: RetentionFacts, allowShrink: boolean): Promise<number> {
  const wouldStop = facts.alarms.length > 0 && !allowShrink
  const exitCode = wouldStop ? exitCodes.withWarnings : exitCodes.done
  const ids = idsToRemove(facts)
  const value = { operation: 'prune', dryRun: true, ...facts, exitCode }
  await printResult(
    surface,
    value,
    ids,
    () =>
      `${formatRetention(facts, surface.columns)}\n` +
      `${counted(ids.length, 'snapshot')} would be removed (${formatBytes(storedBytesOf(facts, ids))}). Nothing was changed.\n`,
  )
  tellEmpty(surface, facts)
  if (wouldStop) tellAlarms(surface, facts)
  return exitCode
}

async function askAndPrune(surface: Surface, request: PruneRequest, session: Session): Promise<number> {
  const facts = await lookAhead(request, session)
  const agreed = await agreedIds(surface, facts, request.allowShrink === true, session.ctx.signal)
  return prune(surface, { ...request, agreed }, session)
}

/** The ids that a person agrees to remove. None where there is nothing to ask about: the prune does nothing, or stops. */
export async function agreedIds(
  surface: Surface,
  facts: RetentionFacts,
  allowShrink: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const ids = idsToRemove(facts)
  if (ids.length === 0 || (facts.alarms.length > 0 && !allowShrink)) return []
  surface.err(`${formatRetention(facts, surface.columns)}\n`)
  const bytes = formatBytes(storedBytesOf(facts, ids))
  const question = `Remove ${counted(ids.length, 'snapshot')} (${bytes}) for ever?`
  if (!(await confirmed(surface, question, signal))) throw declined()
  return ids
}

async function prune(surface: Surface, request: PruneRequest, { stack, ctx, progress }: Session): Promise<number> {
  const result = await pruneSnapshots(stack, request, ctx)
  progress.end('erase')
  return printPruned(surface, retentionFacts(result, stack.manifest.timezone))
}

/** Prints what a prune has done. */
export async function printPruned(surface: Surface, facts: RetentionFacts): Promise<number> {
  const { removed, snapshots } = facts
  const kept = snapshots.length - removed.length
  await printResult(
    surface,
    { operation: 'prune', ...facts, exitCode: exitCodes.done },
    removed,
    () =>
      `Removed ${counted(removed.length, 'snapshot')} (${formatBytes(storedBytesOf(facts, removed))}), kept ${kept}\n`,
  )
  tellEmpty(surface, facts)
  return exitCodes.done
}

function tellEmpty(surface: Surface, { emptyPolicy }: RetentionFacts): void {
  if (!emptyPolicy) return
  surface.note(
    'the policy has no rule, so everything is kept. Put one into backup.retention of angee.yaml, or try one: ' +
      `${commandLine(surface, 'stack backup prune --keep-last 7 --dry-run')}\n`,
  )
}

function tellAlarms(surface: Surface, { alarms }: RetentionFacts): void {
  const { careful, bold } = surface.style.err
  for (const { message } of alarms) surface.err(`${careful('warning:')} ${message}\n`)
  surface.err(`${bold('hint:')} A prune stops here. If it is as it should be, give --allow-shrink once.\n`)
}
