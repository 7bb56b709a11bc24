import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parseDocument, stringify, type YAMLMap } from 'yaml'

/**
 * YAML text with the value at `path` set, and not one byte of the rest changed where that can be: what people write keeps
 * its comments, quotes and line breaks. The keys that lead there are made when missing.
 */
export function setInYaml(text: string, path: readonly string[], value: unknown): string {
  const document = parseDocument(text)
  const wanted = parseDocument(text)
  for (const depth of path.keys()) {
    const above = path.slice(0, depth)
    if (depth > 0 && wanted.hasIn(above) && wanted.getIn(above) === null) wanted.setIn(above, wanted.createNode({}))
  }
  wanted.setIn(path, wanted.createNode(value))
  const edited = spliced(text, path, value)
  const isAsWanted = edited !== undefined && isDeepStrictEqual(safely(edited), wanted.toJS())
  // Something about its form is beyond us: then the library writes it anew, which keeps the comments.
  return isAsWanted || document.errors.length > 0 ? (edited ?? text) : wanted.toString({ lineWidth: 0 })
}

function safely(text: string): unknown {
  const document = parseDocument(text)
  return document.errors.length > 0 ? undefined : document.toJS()
}

function spliced(text: string, path: readonly string[], value: unknown): string | undefined {
  const document = parseDocument(text)
  let node: unknown = document.contents
  for (const [depth, key] of path.entries()) {
    if (!isMap(node)) return undefined
    const found = pairOf(node, key)
    const rest = nested(path.slice(depth + 1), value)
    if (found === undefined) return inserted(text, node, key, rest)
    if (isScalar(found.value) && (found.value.value === null || found.value.source === ''))
      return below(text, node, found, rest)
    if (depth === path.length - 1) return replaced(text, found.value, value)
    if (isMap(found.value) && found.value.items.length === 0) return below(text, node, found, rest)
    node = found.value
  }
  return undefined
}

function pairOf(map: YAMLMap, key: string) {
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
}

/** A new last pair of a map. */
function inserted(text: string, map: YAMLMap, key: string, value: unknown): string | undefined {
  const last = map.items.at(-1)
  if (map.flow || last === undefined || !isScalar(last.key)) return undefined
  const column = columnOf(text, last.key.range?.[0] ?? 0)
  const end = endOfLine(text, endOf(last.value) ?? last.key.range?.[1] ?? text.length)
  return splice(text, end, end, lines({ [key]: value }, column))
}

/** What stands below a key that has nothing, or an empty map, behind its colon. */
function below(text: string, map: YAMLMap, { key, value: present }: YAMLMap['items'][number], value: unknown) {
  if (map.flow || !isScalar(key)) return undefined
  const column = columnOf(text, key.range?.[0] ?? 0) + 2
  const [start = 0, end = 0] = isMap(present) || isScalar(present) ? (present.range ?? []) : []
  // Braces that hold nothing go.
  const bare = start === end ? text : text.slice(0, start).trimEnd() + text.slice(end)
  const at = endOfLine(bare, bare.length - (text.length - end))
  return splice(bare, at, at, lines(value, column))
}

function replaced(text: string, node: unknown, value: unknown): string | undefined {
  if (!isScalar(node) || (typeof value === 'object' && value !== null)) return undefined
  const [start = 0, end = 0] = node.range ?? []
  return splice(text, start, end, stringify(value, { lineWidth: 0 }).trimEnd())
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => ({ [key]: inner }), value)
}

function lines(value: unknown, column: number): string {
  const indent = ' '.repeat(column)
  return stringify(value, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}\n`)
    .join('')
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

function endOf(node: unknown): number | undefined {
  return (node as { range?: number[] } | null)?.range?.[1]
}

/** The beginning of the line after `offset`; `offset` itself when it is the beginning of one. */
function endOfLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset
  const at = text.indexOf('\n', offset)
  return at < 0 ? text.length : at + 1
}

function splice(text: string, start: number, end: number, insert: string): string {
  const head = text.slice(0, start)
  // Only a text that does not end with a line break has none before what is put at its end.
  const gap = insert.endsWith('\n') && head !== '' && !head.endsWith('\n') ? '\n' : ''
  return `${head}${gap}${insert}${text.slice(end)}`
}
