import { type CopyResult, defaultBackend, exitCodes, type NamedBackend } from '@angee/core'
import { partsTable } from '../commands/backup-show.ts'
import { commandLine, type Surface, shellWord } from '../surface.ts'
import { printResult } from './document.ts'
import { formatDuration } from './format.ts'
import { plainText } from './style.ts'

export interface Copied {
  operation: 'copy' | 'import'
  result: CopyResult
  /** For display. */
  from: string
  to: { name: string; location: string }
  milliseconds: number
}

export function placeOf({ name, backend }: NamedBackend): Copied['to'] {
  return { name, location: backend.location }
}

/** Prints that a snapshot lies in another place now, or lay there before, and how to go on from there. */
export async function printCopied(surface: Surface, copied: Copied): Promise<void> {
  const { operation, result, from, to, milliseconds } = copied
  const { outcome, manifest } = result
  const value = {
    operation,
    id: manifest.id,
    outcome,
    from,
    to: { name: to.name, location: to.location },
    durationMilliseconds: milliseconds,
    snapshot: manifest,
    exitCode: exitCodes.done,
  }
  await printResult(surface, value, [manifest.id], () => summary(copied, surface))
  if (surface.format !== 'table') return
  const words =
    to.name === defaultBackend
      ? `stack restore ${manifest.id}${manifest.status === 'partial' ? ' --allow-partial' : ''}`
      : `stack backup copy ${manifest.id} --from ${shellWord(to.name)}`
  surface.note(
    `\n${to.name === defaultBackend ? 'Restore it' : 'Bring it back'} with: ${commandLine(surface, words)}\n`,
  )
}

function summary({ result, to, milliseconds }: Copied, { style, columns }: Surface): string {
  const { outcome, manifest } = result
  const { id, name, parts, status } = manifest
  const named = name === undefined ? '' : ` "${plainText(name)}"`
  const place = plainText(to.location)
  const head = `${status === 'partial' ? 'Partial snapshot' : 'Snapshot'} ${style.out.bold(id)}${named}`
  if (outcome === 'present') return `${head}: in ${place} already, the same\n`
  return `${head}: now in ${place} too, in ${formatDuration(milliseconds)}\n\n${partsTable(parts, columns)}`
}
