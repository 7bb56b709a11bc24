import { AngeeError } from '@angee/core'
import { isAlias, isMap, isScalar, type ParsedNode, parseDocument, type YAMLMap } from 'yaml'
import type { Block } from './blocks.ts'

/** Text that takes the place of a stretch of the old text; the rest is left as it is, byte for byte. */
interface Edit {
  from: number
  to: number
  text: string
}

/**
 * `text` with blocks added at the end of the mapping at `path`, which is made when it is absent. Everything else is
 * what it was. MANIFEST_INVALID where the mapping is written in braces and not empty, or comes from an anchor.
 */
export function insertBlocks(text: string, path: readonly string[], blocks: readonly Block[]): string {
  if (blocks.length === 0) return text
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const edits = editsFor(text, path, (indent) => linesOf(blocks, indent, lineEnd), lineEnd)
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((done, { from, to, text: added }) => done.slice(0, from) + added + done.slice(to), text)
}

/** The keys of the mapping at `path`; none when it is absent or empty. */
export function keysAt(text: string, path: readonly string[]): string[] {
  const node = parseDocument(text).getIn(path, true)
  return isMap(node) ? node.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')) : []
}

function linesOf(blocks: readonly Block[], indent: number, lineEnd: string): string {
  const margin = ' '.repeat(indent)
  return blocks
    .flatMap(({ lines }) => lines)
    .map((line) => (line === '' ? lineEnd : margin + line + lineEnd))
    .join('')
}

function editsFor(text: string, path: readonly string[], added: (indent: number) => string, lineEnd: string): Edit[] {
  const document = parseDocument(text)
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined
  if (!isMap(parent) || !pair) return [newSection(text, parent, path, added, lineEnd)]
  const key = pair.key as ParsedNode
  const value = pair.value as ParsedNode | null
  const keyIndent = columnOf(text, key.range[0])
  if (value === null || (isScalar(value) && value.value === null)) {
    return [insertion(text, key.range[1], added(keyIndent + 2), lineEnd)]
  }
  if (!isMap(value) || isAlias(value)) throw notABlock(path)
  if (!value.flow) return [insertion(text, value.range[1], added(firstColumn(text, value)), lineEnd)]
  if (value.items.length > 0) throw notABlock(path)
  return [
    { from: text.slice(0, value.range[0]).trimEnd().length, to: value.range[1], text: '' },
    insertion(text, value.range[1], added(keyIndent + 2), lineEnd),
  ]
}

/** The mapping itself, at the end of the one above it. */
function newSection(
  text: string,
  parent: unknown,
  path: readonly string[],
  added: (indent: number) => string,
  lineEnd: string,
): Edit {
  const name = path.at(-1)
  if (path.length === 1) {
    const gap = text.trim() === '' ? '' : lineEnd
    const end = text === '' || text.endsWith('\n') ? '' : lineEnd
    return { from: text.length, to: text.length, text: `${end}${gap}${name}:${lineEnd}${added(2)}` }
  }
  if (!isMap(parent) || parent.flow) throw notABlock(path.slice(0, -1))
  const indent = firstColumn(text, parent)
  const at = (parent as YAMLMap & { range: [number, number, number] }).range[1]
  return insertion(text, at, `${' '.repeat(indent)}${name}:${lineEnd}${added(indent + 2)}`, lineEnd)
}

/** Text of whole lines after the line that `offset` stands in, or before it when a line begins there. */
function insertion(text: string, offset: number, added: string, lineEnd: string): Edit {
  if (offset === 0 || text[offset - 1] === '\n') return { from: offset, to: offset, text: added }
  const next = text.indexOf('\n', offset)
  if (next === -1) return { from: text.length, to: text.length, text: lineEnd + added }
  return { from: next + 1, to: next + 1, text: added }
}

function firstColumn(text: string, map: YAMLMap): number {
  const first = map.items[0]?.key as ParsedNode | undefined
  return first ? columnOf(text, first.range[0]) : 2
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

function notABlock(path: readonly string[]): AngeeError {
  const where = path.join('.')
  return new AngeeError('MANIFEST_INVALID', `nothing can be added to ${where}: it is not a block of lines of its own`, {
    hint: `Write it as "${path.at(-1)}:" with one entry a line below it, without braces and anchors, then run this again.`,
  })
}
