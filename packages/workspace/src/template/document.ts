import { AngeeError } from '@angee/core'
import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { yamlOptions } from '../jinja/index.ts'

/** A YAML file of a template, parsed, with the places of its keys. */
export interface YamlFile {
  /** Shown in messages. */
  label: string
  documents: readonly Document[]
  lines: LineCounter
}

export type KeyPath = readonly (string | number)[]

/**
 * Parses YAML as Copier reads it. `include` gives the value of `!include PATH`.
 * TEMPLATE_INVALID with line and column.
 */
export function parseYamlFile(text: string, label: string, include: (pattern: string) => unknown): YamlFile {
  const lines = new LineCounter()
  let failure: unknown
  const resolve = (pattern: string): unknown => {
    try {
      return include(pattern)
    } catch (error) {
      // The parser would make an error of its own out of it.
      failure ??= error
      return undefined
    }
  }
  const customTags = [...yamlOptions.customTags, { tag: '!include', resolve }]
  const options = { ...yamlOptions, lineCounter: lines, prettyErrors: false, customTags }
  const documents = parseAllDocuments(text, options) as Document[]
  if (failure !== undefined) throw failure
  const file = { label, documents, lines }
  const error = documents.flatMap(({ errors }) => errors)[0]
  if (error) throw invalidIn(file, error.pos[0], error.message, 'Correct the YAML at that place.')
  // Lines that begin with "%" are no more than an oddity to the parser.
  const isLost = documents.length === 0 && /^[^#\s]/m.test(text)
  if (isLost) throw invalidIn(file, 0, 'it holds no keys', 'Write questions and settings as "name: value".')
  return file
}

/** TEMPLATE_INVALID for what stands at `path`: at its key, or where its nearest parent begins. */
export function invalidAtKey(files: readonly YamlFile[], path: KeyPath, message: string, hint: string): AngeeError {
  const places = files.flatMap((file) => file.documents.map((document) => ({ file, ...placeOf(document, path) })))
  const [best] = places.sort((a, b) => b.depth - a.depth)
  if (!best) return new AngeeError('TEMPLATE_INVALID', message, { hint })
  return invalidIn(best.file, best.offset, message, hint)
}

function invalidIn({ label, lines }: YamlFile, offset: number, message: string, hint: string): AngeeError {
  const { line, col } = lines.linePos(offset)
  return new AngeeError('TEMPLATE_INVALID', `${label}:${line}:${col}: ${message}`, {
    hint,
    context: { file: label, line, column: col },
  })
}

/** How many keys of the path a document has, and where the last of them begins. */
function placeOf(document: Document, path: KeyPath): { depth: number; offset: number } {
  let node: unknown = document.contents
  let offset = isMap(node) ? (node.range?.[0] ?? 0) : 0
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (pair === undefined) return { depth, offset }
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
      node = pair.value
    } else {
      const item = (node as { items?: unknown[] } | null)?.items?.[Number(key)] as { range?: number[] } | undefined
      if (item === undefined) return { depth, offset }
      offset = item.range?.[0] ?? offset
      node = item
    }
  }
  return { depth: path.length, offset }
}
