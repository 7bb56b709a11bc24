import { AngeeError } from '@angee/core'
import type { Origin } from './source.ts'

const longestExcerpt = 100

/** TEMPLATE_INVALID for a line of a template, with what stands there. */
export function invalidAt({ source, line }: Origin, reason: string, hint?: string, cause?: unknown): AngeeError {
  const excerpt = source.text.split('\n')[line - 1]?.trim() ?? ''
  const shown = excerpt.length > longestExcerpt ? `${excerpt.slice(0, longestExcerpt)}…` : excerpt
  return new AngeeError(
    'TEMPLATE_INVALID',
    `${source.label}:${line}: ${reason}${shown === '' ? '' : `, in: ${shown}`}`,
    {
      hint: hint ?? 'Correct the template at that line.',
      context: { file: source.label, line },
      ...(cause === undefined ? {} : { cause }),
    },
  )
}
