import { exitCodes, type ReindexReport, reindex } from '@angee/core'
import { printResult } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'

/** Rebuilds the catalog from the backend. Exit code 3 when a snapshot there cannot be read. */
export async function backupReindex(surface: Surface): Promise<number> {
  const { report, location } = await withStack(
    surface,
    { events: 'lines', whenInterrupted: 'the list is as it was' },
    async ({ stack, ctx }) => {
      ctx.onProgress({ type: 'phase', phase: 'reindex', message: `reading ${stack.backend.location}` })
      return { report: await reindex(stack, ctx), location: stack.backend.location }
    },
  )
  return printReindexed(surface, report, location)
}

/** Prints what rebuilding the catalog has found. Gives its exit code. */
export async function printReindexed(surface: Surface, report: ReindexReport, location: string): Promise<number> {
  const exitCode = report.damaged.length === 0 ? exitCodes.done : exitCodes.withWarnings
  await printResult(surface, { operation: 'reindex', ...report, exitCode }, report.added, () =>
    summary(report, location),
  )
  if (surface.format !== 'json') tellDamaged(surface, report)
  return exitCode
}

function summary({ found, added, dropped }: ReindexReport, location: string): string {
  const lines = [`${counted(found, 'snapshot')} in ${location}`]
  if (added.length > 0) lines.push(`added to the list: ${added.join(', ')}`)
  if (dropped.length > 0) lines.push(`dropped from the list, for the backend does not hold them: ${dropped.join(', ')}`)
  return lines.map((line) => `${plainText(line)}\n`).join('')
}

function tellDamaged(surface: Surface, { damaged }: ReindexReport): void {
  const { careful, bold } = surface.style.err
  for (const { id, problem } of damaged) surface.err(`${careful('warning:')} ${id}: ${plainText(problem)}\n`)
  if (damaged.length === 0) return
  surface.err(
    `${bold('hint:')} Look at one: ${commandLine(surface, 'stack backup verify ID')}; remove it: ${commandLine(surface, 'stack backup rm ID')}\n`,
  )
}
