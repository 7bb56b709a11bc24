import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type CatalogSummary, summaryOf } from '../catalog/line.ts'
import { catalogKey } from '../catalog/lines.ts'

/**
 * Hands the summary of every record in the catalog of a stack to `onSnapshot`, oldest first; of an absent catalog none.
 * Returns the numbers of the lines that cannot be read. Holds one piece of the file at a time, for a list of ten thousand
 * costs more in fresh memory than in work.
 */
export function listSnapshots(stateDirectory: string, onSnapshot: (summary: CatalogSummary) => void): number[] {
  const damagedLines: number[] = []
  let number = 0
  eachLine(join(stateDirectory, catalogKey), (line) => {
    number++
    if (line === '') return
    const summary = summaryOf(line)
    if (summary === undefined) damagedLines.push(number)
    else onSnapshot(summary)
  })
  return damagedLines
}

const newline = 10

/** The lines of a file, without their ends; none when there is no file. */
function eachLine(path: string, onLine: (line: string) => void): void {
  const file = openExisting(path)
  if (file === undefined) return
  try {
    let piece = Buffer.allocUnsafe(1 << 15)
    let kept = 0
    for (let read = -1; read !== 0; ) {
      // A line longer than the piece: a larger one.
      if (kept === piece.length) piece = Buffer.concat([piece, piece])
      read = readSync(file, piece, kept, piece.length - kept, null)
      const filled = kept + read
      const end = read === 0 ? filled : piece.subarray(0, filled).lastIndexOf(newline) + 1
      for (const line of splitLines(piece.toString('utf8', 0, end))) onLine(line)
      piece.copyWithin(0, end, filled)
      kept = filled - end
    }
  } finally {
    closeSync(file)
  }
}

function splitLines(text: string): string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
