import {
  AngeeError,
  exitCodes,
  type PlanSummary,
  planRestore,
  type RestoreRequest,
  recoverStack,
  resolveSnapshot,
  restoreSnapshot,
  summarizePlan,
  type Unfinished,
  undoRequest,
  unfinishedOperations,
  type Warning,
} from '@angee/core'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { formatPlan, planDocument } from '../output/plan.ts'
import { type RestoredFacts, restoredFacts, tellRecovered, tellRestored } from '../output/restored.ts'
import { tellWarnings } from '../output/warnings.ts'
import { type Session, withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'

export interface RestoreArguments {
  only?: string[]
  dryRun?: true
  undo?: true
  /** False with --no-safety. */
  safety: boolean
  allowPartial?: true
  abandon?: true
}

/** Restores a snapshot into the stack, or undoes the last restore, or says what either would do. */
export async function stackRestore(
  surface: Surface,
  reference: string | undefined,
  options: RestoreArguments,
): Promise<number> {
  refuseContradictions(surface, reference, options)
  if (!options.dryRun) requireSomeoneToAsk(surface, 'Replace what is there?')
  return withStack(surface, { events: 'lines', whenInterrupted: 'the stack is as it was' }, async (session) => {
    if (options.dryRun) return showPlan(surface, reference, options, session)
    const recovered = await recoverFirst(surface, options, session)
    if (options.undo && recovered.some(({ type }) => type === 'restore')) {
      await printResult(surface, recoveredDocument(recovered), [], () => '')
      return exitCodes.done
    }
    return restore(surface, await requestFor(session, reference, options), options, session)
  })
}

/** USAGE for words that say two things at once, or nothing. */
export function refuseContradictions(surface: Surface, reference: string | undefined, options: RestoreArguments): void {
  const usage = (message: string, hint: string): AngeeError => new AngeeError('USAGE', message, { hint })
  if (options.undo && reference !== undefined) {
    throw usage(
      `--undo returns to what the last restore replaced and takes no snapshot ("${reference}")`,
      'Give one or the other.',
    )
  }
  if (options.undo && options.only !== undefined) {
    throw usage('--undo returns everything the last restore replaced; --only cannot go with it', 'Leave --only out.')
  }
  if (options.undo || reference !== undefined) return
  throw usage(
    'which snapshot?',
    `Give an id, a name or "latest": ${commandLine(surface, 'stack restore latest')}. List them: ${commandLine(surface, 'stack backup ls')}`,
  )
}

async function requestFor(
  { stack, ctx }: Session,
  reference: string | undefined,
  options: RestoreArguments,
): Promise<RestoreRequest> {
  const safety = options.safety ? {} : { withoutSafety: true }
  if (reference === undefined) return { ...(await undoRequest(stack)), ...safety }
  return {
    snapshot: await resolveSnapshot(stack, reference, ctx),
    ...(options.only === undefined ? {} : { only: options.only }),
    ...safety,
    allowPartial: options.allowPartial === true,
  }
}

async function showPlan(
  surface: Surface,
  reference: string | undefined,
  options: RestoreArguments,
  session: Session,
): Promise<number> {
  const { stack, ctx } = session
  const unfinished = await unfinishedOperations(stack)
  const request = await requestFor(session, reference, options)
  const plan = summarizePlan(await planRestore(stack, request, ctx), request, stack.place.root)
  return printPlan(surface, plan, unfinished)
}

/** Prints what a restore would do. */
export async function printPlan(
  surface: Surface,
  plan: PlanSummary,
  unfinished: readonly { type: string; snapshot: string }[],
): Promise<number> {
  for (const { type, snapshot } of unfinished) {
    surface.err(
      `note: a ${type} of ${snapshot} is running or was interrupted; an interrupted one is dealt with first\n`,
    )
  }
  const value = { operation: 'restore', dryRun: true, plan: planDocument(plan), exitCode: 0 }
  await printResult(surface, value, [plan.snapshot.id], () => `${formatPlan(plan, surface)}\nNothing was changed.\n`)
  return exitCodes.done
}

/** What a process that died left half done is dealt with before anything is planned on top of it. */
async function recoverFirst(surface: Surface, options: RestoreArguments, session: Session): Promise<Unfinished[]> {
  const recovered = await recoverStack(session.stack, options.abandon === true, session.ctx)
  session.progress.end('keep')
  tellRecovered(surface, recovered, options.undo === true)
  return recovered
}

function recoveredDocument(recovered: readonly Unfinished[]): object {
  return { operation: 'restore', recovered: recovered.map(({ type, snapshot }) => ({ type, snapshot })), exitCode: 0 }
}

async function restore(
  surface: Surface,
  request: RestoreRequest,
  options: RestoreArguments,
  session: Session,
): Promise<number> {
  const { stack, ctx, progress } = session
  if (!surface.yes) {
    const plan = summarizePlan(await planRestore(stack, request, ctx), request, stack.place.root)
    surface.err(`${formatPlan(plan, surface)}\n`)
    if (!(await confirmed(surface, 'Replace what is there?', ctx.signal))) throw declined()
  }
  const begun = performance.now()
  const result = await restoreSnapshot(stack, request, { abandonUnfinished: options.abandon === true }, ctx)
  progress.end('erase')
  const milliseconds = Math.round(performance.now() - begun)
  return printRestored(surface, restoredFacts(result), options.undo === true, milliseconds, progress.warnings)
}

/** Prints what a finished restore has done. Gives its exit code. */
export async function printRestored(
  surface: Surface,
  facts: RestoredFacts,
  undo: boolean,
  milliseconds: number,
  warnings: readonly Warning[],
): Promise<number> {
  const exitCode = warnings.length === 0 ? exitCodes.done : exitCodes.withWarnings
  await printResult(surface, resultDocument(facts, milliseconds, exitCode), [facts.snapshot.id], () =>
    tellRestored(facts, undo, formatDuration(milliseconds), surface),
  )
  tellWarnings(surface, warnings, 'run it with -o json to see all of them')
  if (surface.format === 'table' && facts.safety !== null) {
    surface.note(`\nBack to what was there before: ${commandLine(surface, 'stack restore --undo')}\n`)
  }
  return exitCode
}

function resultDocument(facts: RestoredFacts, milliseconds: number, exitCode: number): object {
  return {
    operation: 'restore',
    snapshot: facts.snapshot.id,
    safety: facts.safety,
    replaced: [...facts.replaced, ...facts.emptied],
    kept: facts.kept,
    durationMilliseconds: milliseconds,
    exitCode,
  }
}
