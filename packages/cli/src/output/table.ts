import { plainText } from './style.ts'
import { fit, isPlain, pad, widthOf } from './width.ts'

export interface Column<Row> {
  title: string
  value(row: Row): string
  align?: 'left' | 'right'
  /** Columns of a higher number are left out first when a terminal is too narrow. Absent: always shown. */
  optional?: number
  /** Gives up width, as far as it must, when leaving out columns was not enough. */
  shrinks?: true
}

const gap = '  '

/**
 * Rows under their titles, each column as wide as its widest cell. With `columns` (a terminal's width) optional columns
 * give way and what is still too long is cut; without it nothing is ever left out.
 */
export function formatTable<Row>(rows: readonly Row[], wanted: readonly Column<Row>[], columns?: number): string {
  let shown = wanted.map((column) => ({ ...column, optional: column.optional ?? 0, ...padded(rows, column) }))
  const total = (): number => shown.reduce((sum, { width }) => sum + width + gap.length, -gap.length)
  while (columns !== undefined && total() > columns) {
    const next = shown.reduce((highest, { optional }) => Math.max(highest, optional), 0)
    if (next === 0) break
    shown = shown.filter(({ optional }) => optional !== next)
  }
  const excess = columns === undefined ? 0 : Math.max(0, total() - columns)
  const cells = shown.map((column) => (excess > 0 && column.shrinks ? narrowed(column, excess) : column.cells))
  let text = ''
  for (let index = 0; index <= rows.length; index++) {
    const line = cells
      .map((column) => column[index])
      .join(gap)
      .trimEnd()
    text += columns === undefined ? `${line}\n` : `${fit(line, columns)}\n`
  }
  return text
}

const narrowest = 8

function narrowed({ cells, width }: { cells: string[]; width: number }, excess: number): string[] {
  const room = Math.max(narrowest, width - excess)
  return cells.map((cell) => pad(fit(cell.trimEnd(), room), room))
}

/**
 * The cells of a column, title first, made safe to show and all of one width. Lists may be long: what one look at the
 * whole column settles is not asked of every cell.
 */
function padded<Row>(rows: readonly Row[], { title, value, align }: Column<Row>): { cells: string[]; width: number } {
  let cells = [title]
  for (const row of rows) cells.push(value(row))
  const plain = isPlain(cells.join(''))
  if (!plain) cells = cells.map((cell) => plainText(cell.replace(/\s+/g, ' ')))
  let width = 0
  for (const cell of cells) width = Math.max(width, plain ? cell.length : widthOf(cell))
  if (!plain) return { cells: cells.map((cell) => pad(cell, width, align)), width }
  return { cells: cells.map((cell) => (align === 'right' ? cell.padStart(width) : cell.padEnd(width))), width }
}
