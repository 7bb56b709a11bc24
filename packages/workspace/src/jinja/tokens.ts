/** A piece of an expression. The pieces put together are the expression again. */
export interface Token {
  kind: 'space' | 'string' | 'number' | 'name' | 'operator'
  text: string
}

const shapes: readonly [Token['kind'], RegExp][] = [
  ['space', /\s+/y],
  ['string', /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'/y],
  ['number', /\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['name', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['operator', /\*\*|\/\/|==|!=|<=|>=|[\s\S]/uy],
]

export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < expression.length; ) {
    for (const [kind, shape] of shapes) {
      shape.lastIndex = at
      const [text] = shape.exec(expression) ?? []
      if (text === undefined) continue
      tokens.push({ kind, text })
      at += text.length
      break
    }
  }
  return tokens
}

export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join('')
}

/** The index of the next token from `at` that is no white space; the number of tokens when there is none. */
export function skipSpace(tokens: readonly Token[], at: number): number {
  let next = at
  while (tokens[next]?.kind === 'space') next += 1
  return next
}

/** The same backwards; -1 when there is none. */
export function skipSpaceBack(tokens: readonly Token[], at: number): number {
  let next = at
  while (tokens[next]?.kind === 'space') next -= 1
  return next
}

const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

export function isOpening(token: Token | undefined): boolean {
  return token?.kind === 'operator' && '([{'.includes(token.text)
}

export function isClosing(token: Token | undefined): boolean {
  return token?.kind === 'operator' && token.text in pairs
}

/** For each token the bracket that it stands directly in, or undefined. An opening bracket stands in the outer one. */
export function enclosing(tokens: readonly Token[]): (string | undefined)[] {
  const open: string[] = []
  return tokens.map((token) => {
    if (isClosing(token)) open.pop()
    const inside = open.at(-1)
    if (isOpening(token)) open.push(token.text)
    return inside
  })
}

const escapeShape = /\\(\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{1,3}|[\s\S])/g

const escapes: Record<string, string> = {
  '\n': '',
  '\\': '\\',
  '"': '"',
  "'": "'",
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
}

/** The text of a string literal, by the rules of Python: a backslash that escapes nothing stands for itself. */
export function stringValue({ text }: Token): string {
  return text.slice(1, -1).replace(escapeShape, meaning)
}

function meaning(all: string, char: string): string {
  if (/^[xu]./.test(char)) return String.fromCharCode(Number.parseInt(char.slice(1), 16))
  if (/^[0-7]/.test(char)) return String.fromCharCode(Number.parseInt(char, 8))
  return escapes[char] ?? all
}

/** The same string as the engine reads it, which refuses such backslashes. It takes as many lines as before. */
export function portableString(token: Token): Token {
  if (token.kind !== 'string' || !token.text.includes('\\')) return token
  let joined = 0
  const inside = token.text.slice(1, -1).replace(/"/g, '\\"').replaceAll('\\\\"', '\\"')
  const kept = inside.replace(escapeShape, (all, char: string) => {
    if (char === '\n') joined += 1
    return meaning(all, char).replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')
  })
  return { kind: 'string', text: `"${kept}"${'\n'.repeat(joined)}` }
}
