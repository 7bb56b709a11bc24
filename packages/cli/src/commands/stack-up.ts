import { bringUpStack, exitCodes, type Warning } from '@angee/core'
import type { MadeUp } from '@angee/operator'
import { bringUpEffects } from '../effects.ts'
import { printResult } from '../output/document.ts'
import { counted, formatDuration } from '../output/format.ts'
import { formatServices } from '../output/services.ts'
import { plainText } from '../output/style.ts'
import { tellWarnings } from '../output/warnings.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'
import { upFacts } from '../workspace-maker.ts'

/** Brings the stack up, or the named services with what they depend on. */
export async function stackUp(surface: Surface, services: readonly string[], wait: boolean): Promise<number> {
  const options = { events: 'lines', whenInterrupted: 'what was started stays; run it again to go on' } as const
  return withStack(surface, options, async ({ stack, ctx, progress }) => {
    const begun = performance.now()
    const request = { ...(services.length === 0 ? {} : { services }), withoutWaiting: !wait }
    const result = await bringUpStack(stack, request, bringUpEffects(surface), ctx)
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    return printUp(surface, { name: stack.name, ...upFacts(result) }, milliseconds, progress.warnings)
  })
}

/** What bringing up did. */
export interface UpFacts extends MadeUp {
  /** Of the stack. */
  name: string
}

/** Prints what bringing up did. Gives its exit code. */
export async function printUp(
  surface: Surface,
  facts: UpFacts,
  milliseconds: number,
  warnings: readonly Warning[],
): Promise<number> {
  const exitCode = warnings.length === 0 ? exitCodes.done : exitCodes.withWarnings
  const names = facts.services.filter(({ state }) => state === 'running').map(({ service }) => service)
  await printResult(surface, upDocument(facts, milliseconds, exitCode), names, () =>
    summary(facts, formatDuration(milliseconds), surface.columns),
  )
  tellWarnings(surface, warnings, 'run it with -o json to see all of them')
  return exitCode
}

/** What bringing up did, for machines. */
export function upDocument(
  { services, restored, jobs, files }: MadeUp,
  milliseconds: number,
  exitCode: number,
): object {
  return {
    operation: 'up',
    services,
    restored: restored.map(({ job, snapshot, parts }) => ({ job, snapshot, parts })),
    jobs,
    files,
    durationMilliseconds: milliseconds,
    exitCode,
  }
}

function summary(facts: UpFacts, duration: string, width: number | undefined): string {
  const lines = facts.restored.map(({ snapshot, name, parts }) => {
    const named = name === undefined ? '' : ` "${name}"`
    return `Restored ${snapshot}${named}: ${counted(parts.length, 'part')}`
  })
  if (facts.jobs.length > 0) lines.push(`Ran ${facts.jobs.join(', ')}`)
  const up = facts.services.filter(({ state }) => state === 'running').length
  lines.push(`${facts.name} is up: ${up} of ${counted(facts.services.length, 'service')} running, ${duration}`)
  const table = formatServices(facts.services, width)
  return `${lines.map((line) => `${plainText(line)}\n`).join('')}${table === '' ? '' : `\n${table}`}`
}
