import type { CatalogSummary } from '@angee/core/listing'
import { formatBytes, formatLocalTime, formatShortAge } from './format.ts'
import { plainText } from './style.ts'
import { fit } from './width.ts'

interface Column {
  title: string
  width: number
  align: 'left' | 'right'
  value(summary: CatalogSummary, created: number, now: number): string
  /** Columns of a higher number are left out first when a terminal is too narrow. 0: always shown. */
  optional: number
}

/**
 * Widths are fixed, so that each row can be printed when it is read. What may be long stands at the end. With their
 * gaps: after what is aligned to the left, before what is aligned to the right.
 */
const columns: readonly Column[] = [
  { title: 'ID', width: 28, align: 'left', value: ({ id }) => id, optional: 0 },
  { title: 'CREATED', width: 18, align: 'left', value: (_, created) => formatLocalTime(created), optional: 2 },
  { title: 'STATUS', width: 8, align: 'left', value: statusOf, optional: 1 },
  { title: 'AGE', width: 8, align: 'right', value: (_, created, now) => formatShortAge(created, now), optional: 0 },
  { title: 'PARTS', width: 7, align: 'right', value: ({ partCount }) => String(partCount), optional: 4 },
  { title: 'SIZE', width: 10, align: 'right', value: ({ storedBytes }) => formatBytes(storedBytes), optional: 3 },
]
/** The last column, NAME, has room for this much at least. */
const nameRoom = 12

/**
 * The head of the list and what makes a row of it. On a terminal of `width` columns those that do not fit are left out;
 * without a width everything is shown. `now` in milliseconds.
 */
export function listLayout(width: number | undefined, now: number): { head: string; row(of: CatalogSummary): string } {
  let shown = columns
  while (width !== undefined && total(shown) + nameRoom > width) {
    const next = Math.max(...shown.map(({ optional }) => optional))
    if (next === 0) break
    shown = shown.filter(({ optional }) => optional !== next)
  }
  const finish = (line: string): string => `${width === undefined ? line : fit(line, width)}\n`
  const titles = shown.map((column) => aligned(column, column.title)).join('')
  return {
    head: finish(`${titles}  NAME`),
    row: (summary) => {
      const created = Date.parse(summary.createdAt)
      let line = ''
      for (const column of shown) line += aligned(column, column.value(summary, created, now))
      return finish(`${line}  ${nameOf(summary)}`)
    },
  }
}

function total(shown: readonly Column[]): number {
  return shown.reduce((sum, { width }) => sum + width, 0)
}

function aligned({ width, align }: Column, text: string): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width)
}

function statusOf({ status, purpose, damagedAt }: CatalogSummary): string {
  if (damagedAt !== undefined) return 'DAMAGED'
  return status === 'complete' && purpose === 'safety' ? 'safety' : status
}

function nameOf({ name, warnings }: CatalogSummary): string {
  const shown = name === undefined ? '-' : plainText(name)
  return warnings === 0 ? shown : `${shown}  (${warnings} ${warnings === 1 ? 'warning' : 'warnings'})`
}
