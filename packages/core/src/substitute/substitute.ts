import type { SecretText } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { parseExpression } from './expression.ts'
import { applyFilter } from './filters.ts'

/** The value of a path such as `ports.web`; undefined when there is none yet, which filters may mend. */
export type Lookup = (path: readonly string[]) => string | { secret: string } | undefined

const place = /\$\$\{|\$\{([^{}]*)\}/g

/**
 * `text` with every `${path | filters}` replaced, and `$${` by `${`. What is not a path with a dot or `name` is left
 * alone: a shell or an engine will read it. `where` is for messages. MANIFEST_INVALID names what has no value.
 */
export function substitute(
  text: string,
  lookup: (path: readonly string[]) => string | undefined,
  where: string,
): string {
  return plain(substituteSecrets(text, lookup, where), where)
}

/** The same where secrets may stand: they are kept by name. */
export function substituteSecrets(text: string, lookup: Lookup, where: string): SecretText {
  const pieces: (string | { secret: string })[] = []
  const add = (piece: string | { secret: string }): void => {
    const last = pieces.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + piece
    else if (piece !== '') pieces.push(piece)
  }
  let end = 0
  for (const match of text.matchAll(place)) {
    add(text.slice(end, match.index))
    end = match.index + match[0].length
    add(match[1] === undefined ? '${' : resolved(match[0], match[1], lookup, where))
  }
  add(text.slice(end))
  return pieces
}

/** A text that holds no secret. MANIFEST_INVALID names the place when it does. */
export function plain(text: SecretText, where: string): string {
  const secret = text.find((piece) => typeof piece !== 'string')
  if (secret === undefined) return text.join('')
  throw new AngeeError('MANIFEST_INVALID', `${where} holds a secret, and its value would be seen by others`, {
    hint: 'Give it to the service under env:, and let its command read that variable.',
  })
}

function resolved(written: string, inside: string, lookup: Lookup, where: string): string | { secret: string } {
  const expression = parseExpression(inside, where)
  if (expression === undefined) return written
  const found = lookup(expression.path)
  if (typeof found === 'object') {
    if (expression.filters.length === 0) return found
    throw new AngeeError('MANIFEST_INVALID', `${where}: ${written} puts a secret through a filter`, {
      hint: 'Secrets are used as they are. Take the filter away.',
    })
  }
  const value = expression.filters.reduce((now, { name, args }) => applyFilter(name, now, args, where), found)
  if (value !== undefined) return value
  throw new AngeeError('MANIFEST_INVALID', `${where}: ${written} has no value`, {
    hint: `Declare ${expression.path.join('.')}, or give a value to use instead: \${${expression.path.join('.')} | default("…")}.`,
  })
}
