import { exitCodes, overridePolicy, type PruneRequest, type PruneResult, pruneSnapshots } from '@angee/core'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { counted, formatBytes } from '../output/format.ts'
import { formatRetention, idsToRemove, retentionDocument, storedBytesOf } from '../output/retention.ts'
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

async function showPlan(surface: Surface, request: PruneRequest, { stack, ctx, progress }: Session): Promise<number> {
  const result = await pruneSnapshots(stack, { ...request, dryRun: true }, ctx)
  progress.end('erase')
  const wouldStop = result.alarms.length > 0 && !request.allowShrink
  const exitCode = wouldStop ? exitCodes.withWarnings : exitCodes.done
  const ids = idsToRemove(result.plan)
  const value = { operation: 'prune', dryRun: true, ...retentionDocument(result, stack.manifest.timezone), exitCode }
  await printResult(
    surface,
    value,
    ids,
    () =>
      `${formatRetention(result.plan, stack.manifest.timezone, surface.columns)}\n` +
      `${counted(ids.length, 'snapshot')} would be removed (${formatBytes(storedBytesOf(result.plan, ids))}). Nothing was changed.\n`,
  )
  tellEmpty(surface, result)
  if (wouldStop) tellAlarms(surface, result)
  return exitCode
}

async function askAndPrune(surface: Surface, request: PruneRequest, session: Session): Promise<number> {
  const { stack, ctx, progress } = session
  const ahead = await pruneSnapshots(stack, { ...request, dryRun: true }, ctx)
  progress.end('erase')
  const agreed = idsToRemove(ahead.plan)
  // Nothing to agree to: it is done at once, or stops by itself.
  if (agreed.length === 0 || (ahead.alarms.length > 0 && !request.allowShrink)) return prune(surface, request, session)
  surface.err(`${formatRetention(ahead.plan, stack.manifest.timezone, surface.columns)}\n`)
  const bytes = formatBytes(storedBytesOf(ahead.plan, agreed))
  const question = `Remove ${counted(agreed.length, 'snapshot')} (${bytes}) for ever?`
  if (!(await confirmed(surface, question, ctx.signal))) throw declined()
  return prune(surface, { ...request, agreed }, session)
}

async function prune(surface: Surface, request: PruneRequest, { stack, ctx, progress }: Session): Promise<number> {
  const result = await pruneSnapshots(stack, request, ctx)
  progress.end('erase')
  const { plan, removed } = result
  const kept = plan.entries.length - removed.length
  const value = { operation: 'prune', ...retentionDocument(result, stack.manifest.timezone), exitCode: exitCodes.done }
  await printResult(
    surface,
    value,
    removed,
    () =>
      `Removed ${counted(removed.length, 'snapshot')} (${formatBytes(storedBytesOf(plan, removed))}), kept ${kept}\n`,
  )
  tellEmpty(surface, result)
  return exitCodes.done
}

function tellEmpty(surface: Surface, { plan }: PruneResult): void {
  if (!plan.emptyPolicy) return
  surface.note(
    'the policy has no rule, so everything is kept. Put one into backup.retention of angee.yaml, or try one: ' +
      `${commandLine(surface, 'stack backup prune --keep-last 7 --dry-run')}\n`,
  )
}

function tellAlarms(surface: Surface, { alarms }: PruneResult): void {
  const { careful, bold } = surface.style.err
  for (const { message } of alarms) surface.err(`${careful('warning:')} ${message}\n`)
  surface.err(`${bold('hint:')} A prune stops here. If it is as it should be, give --allow-shrink once.\n`)
}
