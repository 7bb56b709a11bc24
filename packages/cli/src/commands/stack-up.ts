import { type BringUpResult, bringUpStack, exitCodes } from '@angee/core'
import { bringUpEffects } from '../effects.ts'
import { printResult } from '../output/document.ts'
import { counted, formatDuration } from '../output/format.ts'
import { formatServices, serviceDocuments } from '../output/services.ts'
import { plainText } from '../output/style.ts'
import { tellWarnings } from '../output/warnings.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** Brings the stack up, or the named services with what they depend on. */
export async function stackUp(surface: Surface, services: readonly string[], wait: boolean): Promise<number> {
  const options = { events: 'lines', whenInterrupted: 'what was started stays; run it again to go on' } as const
  return withStack(surface, options, async ({ stack, ctx, progress }) => {
    const begun = performance.now()
    const request = { ...(services.length === 0 ? {} : { services }), withoutWaiting: !wait }
    const result = await bringUpStack(stack, request, bringUpEffects(surface), ctx)
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    const exitCode = progress.warnings.length === 0 ? exitCodes.done : exitCodes.withWarnings
    const names = result.services.filter(({ state }) => state === 'running').map(({ service }) => service)
    await printResult(surface, upDocument(result, milliseconds, exitCode), names, () =>
      summary(stack.name, result, formatDuration(milliseconds), surface.columns),
    )
    tellWarnings(surface, progress.warnings, 'run it with -o json to see all of them')
    return exitCode
  })
}

/** What bringing up did, for machines. */
export function upDocument({ services, restored, jobs, files }: BringUpResult, milliseconds: number, exitCode: number) {
  return {
    operation: 'up',
    services: serviceDocuments(services),
    restored: restored.map(({ job, manifest, parts }) => ({ job, snapshot: manifest.id, parts })),
    jobs,
    files: files.map(({ kind, file, outcome }) => ({ runtime: kind, file, outcome })),
    durationMilliseconds: milliseconds,
    exitCode,
  }
}

function summary(name: string, result: BringUpResult, duration: string, width: number | undefined): string {
  const lines = result.restored.map(({ manifest, parts }) => {
    const named = manifest.name === undefined ? '' : ` "${manifest.name}"`
    return `Restored ${manifest.id}${named}: ${counted(parts.length, 'part')}`
  })
  if (result.jobs.length > 0) lines.push(`Ran ${result.jobs.join(', ')}`)
  const up = result.services.filter(({ state }) => state === 'running').length
  lines.push(`${name} is up: ${up} of ${counted(result.services.length, 'service')} running, ${duration}`)
  const table = formatServices(result.services, width)
  return `${lines.map((line) => `${plainText(line)}\n`).join('')}${table === '' ? '' : `\n${table}`}`
}
