import {
  enclosing,
  isClosing,
  isOpening,
  portableString,
  skipSpace,
  skipSpaceBack,
  type Token,
  textOf,
  tokensOf,
} from './tokens.ts'

/**
 * An expression as the engine reads it. Three things are rewritten, and all would be errors otherwise:
 *
 * - `value|filter:argument`, as templates for Django-like engines have it, becomes `value|filter(argument)`. In an
 *   expression of Jinja a colon stands only in a slice or in a dictionary, and inside those nothing is rewritten.
 * - `value.method(…)` for methods of Python that the engine lacks becomes a filter of ours.
 * - A backslash that escapes nothing, as in `'\\s'`, stands for itself.
 */
export function rewriteExpression(expression: string): string {
  return textOf(rewriteMethods(rewriteFilterArguments(tokensOf(expression).map(portableString))))
}

function rewriteFilterArguments(tokens: readonly Token[]): Token[] {
  const brackets = enclosing(tokens)
  const out: Token[] = []
  for (let at = 0; at < tokens.length; at++) {
    const call = filterWithColon(tokens, at, brackets[at])
    if (call === undefined) {
      out.push(tokens[at] as Token)
      continue
    }
    out.push(...call.filter, operator('('), ...call.argument, ...call.rest, operator(')'))
    at = call.end - 1
  }
  return out
}

interface ColonCall {
  filter: Token[]
  argument: Token[]
  /** What the filter of Jinja needs besides, to do the same. */
  rest: Token[]
  end: number
}

function filterWithColon(tokens: readonly Token[], at: number, bracket: string | undefined): ColonCall | undefined {
  if (tokens[at]?.text !== '|' || (bracket !== undefined && bracket !== '(')) return undefined
  const name = skipSpace(tokens, at + 1)
  const colon = skipSpace(tokens, name + 1)
  if (tokens[name]?.kind !== 'name' || tokens[colon]?.text !== ':') return undefined
  const start = skipSpace(tokens, colon + 1)
  const end = endOfArgument(tokens, start)
  if (end === start) return undefined
  // There the default stands for everything that is false, in Jinja only for what is undefined.
  const rest = tokens[name].text === 'default' ? [operator(','), { kind: 'name', text: 'true' } as const] : []
  return { filter: [operator('|'), tokens[name]], argument: tokens.slice(start, end), rest, end }
}

/** A string, a number, or a name with dots. */
function endOfArgument(tokens: readonly Token[], start: number): number {
  const first = tokens[start]
  if (first?.kind === 'string' || first?.kind === 'number') return start + 1
  if (first?.text === '-' && tokens[start + 1]?.kind === 'number') return start + 2
  if (first?.kind !== 'name') return start
  let end = start + 1
  while (tokens[end]?.text === '.' && tokens[end + 1]?.kind === 'name') end += 2
  return end
}

/** Methods of Python's strings and dictionaries that are filters here: see filters/methods. */
const methods = new Set(['format', 'get', 'isidentifier', 'removeprefix', 'removesuffix', 'zfill', 'rsplit', 'index'])

function rewriteMethods(tokens: readonly Token[]): Token[] {
  const at = tokens.findIndex((token, index) => token.text === '.' && isMethodCall(tokens, index))
  if (at < 0) return [...tokens]
  const start = startOfOperand(tokens, at)
  const open = skipSpace(tokens, at + 2)
  const close = closingOf(tokens, open)
  if (start < 0 || close < 0) return [...tokens]
  const name: Token = { kind: 'name', text: `_${tokens[at + 1]?.text ?? ''}` }
  const call = [
    operator('('),
    ...tokens.slice(start, at),
    operator('|'),
    name,
    ...tokens.slice(open, close + 1),
    operator(')'),
  ]
  return rewriteMethods([...tokens.slice(0, start), ...call, ...tokens.slice(close + 1)])
}

function isMethodCall(tokens: readonly Token[], dot: number): boolean {
  const name = tokens[dot + 1]
  return name?.kind === 'name' && methods.has(name.text) && tokens[skipSpace(tokens, dot + 2)]?.text === '('
}

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (isOpening(tokens[at])) depth += 1
    if (isClosing(tokens[at])) depth -= 1
    if (depth === 0) return at
  }
  return -1
}

const keywords = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'elif', 'for', 'set', 'with', 'recursive'])

/** Where what stands before the dot begins: a name, a string or a bracket, with its own dots, calls and indices. */
function startOfOperand(tokens: readonly Token[], dot: number): number {
  for (let at = skipSpaceBack(tokens, dot - 1); at >= 0; ) {
    const start = isClosing(tokens[at]) ? openingOf(tokens, at) : at
    const before = skipSpaceBack(tokens, start - 1)
    const previous = tokens[before]
    if (previous?.text === '.') at = skipSpaceBack(tokens, before - 1)
    else if (isClosing(tokens[at]) && continues(previous)) at = before
    else return start
  }
  return -1
}

/** Whether a bracket after it is a call or an index of it. */
function continues(token: Token | undefined): boolean {
  return (token?.kind === 'name' && !keywords.has(token.text)) || token?.kind === 'string' || isClosing(token)
}

function openingOf(tokens: readonly Token[], close: number): number {
  let depth = 0
  for (let at = close; at >= 0; at--) {
    if (isClosing(tokens[at])) depth += 1
    if (isOpening(tokens[at])) depth -= 1
    if (depth === 0) return at
  }
  return -1
}

function operator(text: string): Token {
  return { kind: 'operator', text }
}
