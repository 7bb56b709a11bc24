import { enclosing, isClosing, isOpening, skipSpace, stringValue, type Token, textOf, tokensOf } from './tokens.ts'

/** `{% include … %}`, read. */
export interface Include {
  /** The names to try in turn; undefined when they are known only while rendering. */
  names: readonly string[] | undefined
  /** The expression of the names, as written. */
  expression: string
  ignoreMissing: boolean
  /** `with name=value`, as templates for Django-like engines have it. */
  assignments: readonly { name: string; value: string }[]
  /** A part of the tag that means nothing here. */
  stray: string | undefined
}

/** Reads what stands in an include tag. */
export function parseInclude(inside: string): Include {
  const tokens = tokensOf(inside)
  const brackets = enclosing(tokens)
  const start = skipSpace(tokens, skipSpace(tokens, 0) + 1)
  const words = ['ignore', 'with', 'without', 'only']
  const end = tokens.findIndex(
    (token, at) => at > start && token.kind === 'name' && brackets[at] === undefined && words.includes(token.text),
  )
  const expression = tokens.slice(start, end < 0 ? tokens.length : end)
  const rest = end < 0 ? '' : textOf(tokens.slice(end)).trim()
  const { missing, after } = cutMissing(rest)
  const { assignments, stray } = readWith(after)
  return {
    names: staticNames(expression),
    expression: textOf(expression).trim(),
    ignoreMissing: missing,
    assignments,
    stray,
  }
}

function cutMissing(rest: string): { missing: boolean; after: string } {
  const [, after] = /^ignore\s+missing\b([\s\S]*)$/.exec(rest) ?? []
  return { missing: after !== undefined, after: (after ?? rest).trim() }
}

function readWith(text: string): Pick<Include, 'assignments' | 'stray'> {
  // Everything is included with the context anyway.
  if (text === '' || /^with\s+context$/.test(text)) return { assignments: [], stray: undefined }
  const [, body] = /^with\s+([\s\S]*)$/.exec(text) ?? []
  const assignments = body === undefined ? undefined : parseAssignments(tokensOf(body))
  return assignments === undefined ? { assignments: [], stray: text } : { assignments, stray: undefined }
}

/** `a="" b=x, c=1`: undefined when it is something else. */
function parseAssignments(tokens: readonly Token[]): Include['assignments'] | undefined {
  const brackets = enclosing(tokens)
  const beginsOne = (at: number): boolean =>
    brackets[at] === undefined &&
    tokens[at]?.kind === 'name' &&
    tokens[skipSpace(tokens, at + 1)]?.text === '=' &&
    !isOpening(tokens[at])
  const starts = tokens.map((_, at) => at).filter(beginsOne)
  if (starts.length === 0 || skipSpace(tokens, 0) !== starts[0]) return undefined
  return starts.map((start, index) => {
    const equals = skipSpace(tokens, start + 1)
    const value = textOf(tokens.slice(equals + 1, starts[index + 1] ?? tokens.length))
    return { name: tokens[start]?.text ?? '', value: value.trim().replace(/,$/, '') }
  })
}

/** One string, or a list of strings. */
function staticNames(expression: readonly Token[]): string[] | undefined {
  const solid = expression.filter(({ kind }) => kind !== 'space')
  const [first] = solid
  if (solid.length === 1 && first?.kind === 'string') return [stringValue(first)]
  if (!isOpening(first) || !isClosing(solid.at(-1))) return undefined
  const inner = solid.slice(1, -1).filter(({ text }) => text !== ',')
  return inner.every(({ kind }) => kind === 'string') ? inner.map(stringValue) : undefined
}
