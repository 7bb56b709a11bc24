import { type DrillReport, drillSnapshot, exitCodes, resolveSnapshot } from '@angee/core'
import { bringUpEffects } from '../effects.ts'
import { freePorts } from '../free-ports.ts'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { formatTable } from '../output/table.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** Proves that a snapshot can be restored, in a throw-away stack. */
export async function backupDrill(surface: Surface, reference: string): Promise<number> {
  const options = { events: 'lines', whenInterrupted: 'the throw-away stack was removed' } as const
  return withStack(surface, options, async ({ stack, ctx, progress }) => {
    const id = await resolveSnapshot(stack, reference, ctx)
    const report = await drillSnapshot(stack, id, { ...bringUpEffects(surface), freePorts }, ctx)
    progress.end('erase')
    return printDrill(surface, report)
  })
}

/** Prints what a drill has proven. */
export async function printDrill(surface: Surface, report: DrillReport): Promise<number> {
  const { manifest, parts, at, seconds } = report
  const value = { operation: 'drill', snapshot: manifest.id, provenAt: at, seconds, parts, exitCode: exitCodes.done }
  await printResult(surface, value, [manifest.id], () => summary(report, surface.columns))
  return exitCodes.done
}

function summary({ manifest, parts, seconds }: DrillReport, width: number | undefined): string {
  const name = manifest.name === undefined ? '' : ` "${plainText(manifest.name)}"`
  const table = formatTable(
    parts,
    [
      { title: 'PART', value: ({ part }) => part, shrinks: true },
      { title: 'PROOF', value: ({ proof }) => proofs[proof] },
    ],
    width,
  )
  return `Snapshot ${manifest.id}${name} is proven restorable, in ${formatDuration(seconds * 1000)}\n\n${table}`
}

const proofs: Record<DrillReport['parts'][number]['proof'], string> = {
  'same digest': 'restored, the same digest',
  loaded: 'loaded, the service is healthy (no check: is declared)',
  checked: 'loaded, and its check passed',
}
