import { AngeeError } from '../errors/index.ts'

/** `${path | filter(arguments)}`. */
export interface Expression {
  path: readonly string[]
  filters: readonly { name: string; args: readonly string[] }[]
}

/** What stands between `${` and `}` when it is meant for us: a path with a dot, or `name`, and then filters. */
const ours = /^\s*(name|[A-Za-z_][\w-]*(?:\.[\w-]+)+)\s*(?:\|([\s\S]*))?$/

const filterAt = /\s*([A-Za-z_]\w*)\s*(\(((?:"[^"]*"|'[^']*'|[^()"'])*)\))?\s*(\||$)/y
const argumentAt = /\s*(?:"([^"]*)"|'([^']*)'|([^,"']*?))\s*(,|$)/y

/**
 * Reads the inside of a `${…}`. Undefined for what is not ours, such as `${HOME}` or `${A:-b}`, which a shell or an
 * engine will read. MANIFEST_INVALID for filters that cannot be read.
 */
export function parseExpression(inside: string, where: string): Expression | undefined {
  const [, path, filters] = ours.exec(inside) ?? []
  if (path === undefined) return undefined
  return { path: path.split('.'), filters: filters === undefined ? [] : parseFilters(filters, where) }
}

function parseFilters(text: string, where: string): Expression['filters'] {
  const found: { name: string; args: string[] }[] = []
  filterAt.lastIndex = 0
  for (let more = true; more; ) {
    const at = filterAt.lastIndex
    const [, name, parentheses, inside = '', end] = filterAt.exec(text) ?? []
    if (name === undefined) {
      throw new AngeeError('MANIFEST_INVALID', `${where}: "${text.slice(at).trim()}" is no filter`, {
        hint: 'Write filters as ${path | slug | truncate(40) | default("none")}.',
      })
    }
    found.push({ name, args: parentheses === undefined ? [] : parseArguments(inside) })
    more = end === '|'
  }
  return found
}

function parseArguments(text: string): string[] {
  if (text.trim() === '') return []
  const found: string[] = []
  argumentAt.lastIndex = 0
  for (let more = true; more; ) {
    const [, double, single, bare, end] = argumentAt.exec(text) ?? []
    found.push(double ?? single ?? bare ?? '')
    more = end === ','
  }
  return found
}
