import type { Warning } from '@angee/core'
import type { Surface } from '../surface.ts'
import { plainText } from './style.ts'

const shownAtMost = 10

/** Says on stderr what went less than perfectly; where there is much of it, `more` says where to read the rest. */
export function tellWarnings(surface: Surface, warnings: readonly Warning[], more: string): void {
  if (surface.format === 'json') return
  for (const warning of warnings.slice(0, shownAtMost)) {
    surface.err(`${surface.style.err.careful('warning:')} ${plainText(warningText(warning))}\n`)
  }
  const rest = warnings.length - shownAtMost
  if (rest > 0) surface.err(`${surface.style.err.careful('warning:')} and ${rest} more; ${more}\n`)
}

/** A warning in one line: the part, the path where there is one, what happened. */
export function warningText({ part, path, message }: Warning): string {
  return path === undefined || message.includes(path) ? `${part}: ${message}` : `${part}: ${path}: ${message}`
}
