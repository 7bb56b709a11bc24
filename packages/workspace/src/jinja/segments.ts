import type { Delimiters } from './delimiters.ts'

/** `-` strips the white space beside a tag, `+` keeps it where it would be stripped. */
export type Mark = '' | '-' | '+'

interface Tag {
  /** The line it begins in, from 1. */
  line: number
  left: Mark
  right: Mark
}

export type Segment =
  | { kind: 'text'; line: number; text: string }
  | (Tag & { kind: 'comment'; text: string })
  | (Tag & { kind: 'output'; inside: string })
  | (Tag & { kind: 'block'; name: string; inside: string })
  | (Tag & { kind: 'raw'; innerLeft: Mark; innerRight: Mark; text: string })

/** A tag that is never closed. */
export class Unclosed extends Error {
  readonly line: number

  constructor(line: number, start: string) {
    super(`"${start}" is never closed`)
    this.line = line
  }
}

/** Cuts a template into text and tags. Throws {@link Unclosed}. */
export function segmentsOf(source: string, delimiters: Delimiters): Segment[] {
  const segments: Segment[] = []
  let at = 0
  let line = 1
  const take = (end: number): string => {
    const text = source.slice(at, end)
    at = end
    line += countLines(text)
    return text
  }
  while (at < source.length) {
    const start = nextStart(source, at, delimiters)
    const textLine = line
    const text = take(start?.index ?? source.length)
    if (text !== '') segments.push({ kind: 'text', line: textLine, text })
    if (start === undefined) break
    const tagLine = line
    const end =
      start.kind === 'comment'
        ? source.indexOf(delimiters.commentEnd, at + start.open.length)
        : endOfTag(source, at + start.open.length, start.close)
    if (end < 0) throw new Unclosed(tagLine, start.open)
    const tag = take(end + start.close.length)
    const { inside, left, right } = unwrap(tag, start)
    if (start.kind === 'comment') segments.push({ kind: 'comment', line: tagLine, left, right, text: inside })
    else if (start.kind === 'output') segments.push({ kind: 'output', line: tagLine, left, right, inside })
    else if (/^\s*raw\s*$/.test(inside)) {
      const close = endOfRaw(source, at, delimiters)
      if (close === undefined) throw new Unclosed(tagLine, `${start.open} raw ${start.close}`)
      const raw = take(close.index)
      take(close.end)
      const inner = { innerLeft: right, innerRight: close.left }
      segments.push({ kind: 'raw', line: tagLine, left, right: close.right, ...inner, text: raw })
    } else {
      const [, name = ''] = /^\s*([A-Za-z_]\w*)/.exec(inside) ?? []
      segments.push({ kind: 'block', line: tagLine, left, right, name, inside })
    }
  }
  return segments
}

export function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

interface Start {
  kind: 'block' | 'output' | 'comment'
  index: number
  open: string
  close: string
}

/** The nearest tag. Where two begin at one place, the longer start is meant. */
function nextStart(source: string, from: number, delimiters: Delimiters): Start | undefined {
  const starts: Start[] = [
    { kind: 'block', open: delimiters.blockStart, close: delimiters.blockEnd, index: 0 },
    { kind: 'output', open: delimiters.variableStart, close: delimiters.variableEnd, index: 0 },
    { kind: 'comment', open: delimiters.commentStart, close: delimiters.commentEnd, index: 0 },
  ]
  return starts
    .map((start) => ({ ...start, index: source.indexOf(start.open, from) }))
    .filter(({ index }) => index >= 0)
    .sort((a, b) => a.index - b.index || b.open.length - a.open.length)[0]
}

/** Where the tag closes: not inside a string or a bracket. */
function endOfTag(source: string, from: number, close: string): number {
  let depth = 0
  for (let at = from; at < source.length; at++) {
    const char = source[at] as string
    if (depth === 0 && source.startsWith(close, at)) return at
    if (char === '"' || char === "'") at = endOfString(source, at)
    else if ('([{'.includes(char)) depth += 1
    else if (')]}'.includes(char)) depth = Math.max(0, depth - 1)
  }
  return -1
}

function endOfString(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1
    else if (source[at] === source[from]) return at
  }
  return source.length
}

function unwrap(tag: string, { open, close }: Start): { inside: string; left: Mark; right: Mark } {
  const all = tag.slice(open.length, tag.length - close.length)
  const left = markOf(all[0])
  const right = all.length > left.length ? markOf(all.at(-1)) : ''
  return { inside: all.slice(left.length, all.length - right.length), left, right }
}

function endOfRaw(
  source: string,
  from: number,
  { blockStart, blockEnd }: Delimiters,
): { index: number; end: number; left: Mark; right: Mark } | undefined {
  const pattern = new RegExp(`${escaped(blockStart)}([-+]?)\\s*endraw\\s*([-+]?)${escaped(blockEnd)}`, 'g')
  pattern.lastIndex = from
  const found = pattern.exec(source)
  if (!found) return undefined
  return { index: found.index, end: pattern.lastIndex, left: markOf(found[1]), right: markOf(found[2]) }
}

function markOf(char: string | undefined): Mark {
  return char === '-' || char === '+' ? char : ''
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
