import { countLines } from './segments.ts'
import type { Origin, Source, Translation } from './source.ts'

/** Collects a translation, and remembers of each line where it comes from. */
export interface Writer {
  /** Text that begins in that line of that source and has the lines that the source has. */
  write(text: string, source: Source, line: number): void
  /** Text of our own that ends with the first line of another place. It must break the line inside a tag. */
  moveTo(text: string, source: Source, line: number): void
  /** How often it has moved. */
  moves(): number
  done(): Translation
}

export function newWriter(source: Source): Writer {
  const pieces: string[] = []
  const origins: Origin[] = [{ source, line: 1 }]
  let moves = 0
  return {
    write: (text, from, line) => {
      pieces.push(text)
      const breaks = countLines(text)
      for (let step = 1; step <= breaks; step++) origins.push({ source: from, line: line + step })
    },
    moveTo: (text, from, line) => {
      pieces.push(text)
      origins.push({ source: from, line })
      moves += 1
    },
    moves: () => moves,
    done: () => ({ text: pieces.join(''), origins }),
  }
}
