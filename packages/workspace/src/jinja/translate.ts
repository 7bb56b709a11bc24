import type { JinjaSettings } from './delimiters.ts'
import { rewriteExpression } from './expression.ts'
import { parseInclude } from './include.ts'
import { invalidAt } from './problem.ts'
import { type Mark, type Segment, segmentsOf, Unclosed } from './segments.ts'
import type { FindSource, Source, Translation } from './source.ts'
import { skipSpace, stringValue, textOf, tokensOf } from './tokens.ts'
import { newWriter, type Writer } from './writer.ts'

export interface Translator {
  settings: JinjaSettings
  find: FindSource
  /** The name under which the engine knows another template. */
  nameOf(source: Source): string
}

type Block = Extract<Segment, { kind: 'block' }>

/**
 * A template as the engine reads it: with the standard delimiters, with the rewritings of {@link rewriteExpression}, with
 * values printed as Python prints them, and with what it includes put in place of the tag, because the engine says nothing
 * of what is wrong inside an included template. TEMPLATE_INVALID with file and line.
 */
export function translate(source: Source, translator: Translator): Translation {
  const writer = newWriter(source)
  writeSource(source, [], writer, translator)
  return writer.done()
}

function writeSource(source: Source, within: readonly string[], writer: Writer, translator: Translator): void {
  for (const segment of cut(source, translator.settings)) {
    const at = (text: string): void => writer.write(text, source, segment.line)
    if (segment.kind === 'text') at(literal(segment.text, translator.settings))
    else if (segment.kind === 'comment')
      at(`{#${minus(segment.left)}${'\n'.repeat(lines(segment.text))}${minus(segment.right)}#}`)
    else if (segment.kind === 'output') at(printed(segment))
    else if (segment.kind === 'raw')
      at(`{%${segment.left} raw ${segment.innerLeft}%}${segment.text}{%${segment.innerRight} endraw ${segment.right}%}`)
    else if (segment.name === 'include')
      writeInclude(segment, { source, within: [...within, source.key] }, writer, translator)
    else at(tag(segment, rewriteBlock(segment, source, translator)))
  }
}

function cut(source: Source, settings: JinjaSettings): Segment[] {
  // What Jinja takes away at the end of each file it loads; the engine does so for the outermost alone.
  const text = settings.keepTrailingNewline ? source.text : source.text.replace(/\r?\n$/, '')
  try {
    return segmentsOf(text, settings.delimiters)
  } catch (error) {
    if (!(error instanceof Unclosed)) throw error
    throw invalidAt({ source, line: error.line }, error.message)
  }
}

/** Text that the engine must not take for a tag. */
function literal(text: string, { delimiters }: JinjaSettings): string {
  if (delimiters.blockStart === '{%' && delimiters.variableStart === '{{' && delimiters.commentStart === '{#')
    return text
  return text.replace(/\{[{%#]/g, (start) => `{{ "${start}" }}`)
}

/**
 * Python prints `True`, `None` and `['a']` where the engine prints `true`, `none` and `["a"]`. The value is worked out
 * once, and what is undefined stays so for the engine to judge.
 */
function printed({ left, right, inside }: Extract<Segment, { kind: 'output' }>): string {
  if (/^\s*("[^"\\]*"|'[^'\\]*')\s*$/.test(inside)) return `{{${minus(left)}${inside}${minus(right)}}}`
  const set = `{%${left || '+'} set _v = (${rewriteExpression(inside)}) +%}`
  return `${set}{{ _v if _v is undefined or _v is string or _v is number else _v|_py ${minus(right)}}}`
}

/** `+` says something only about tags that print nothing. */
function minus(mark: Mark): string {
  return mark === '-' ? '-' : ''
}

function tag({ left, right }: Block, inside: string): string {
  return `{%${left}${inside}${right}%}`
}

function rewriteBlock(block: Block, source: Source, translator: Translator): string {
  if (block.name === 'import' || block.name === 'from' || block.name === 'extends')
    return rewriteImport(block, source, translator)
  return rewriteExpression(block.inside)
}

/** `import "x" as y`, `from "x" import y`, `extends "x"`: the engine gets the name it knows that file by. */
function rewriteImport(block: Block, source: Source, translator: Translator): string {
  const tokens = tokensOf(block.inside.replace(/\s+with(out)?\s+context\s*$/, ' '))
  const at = skipSpace(tokens, skipSpace(tokens, 0) + 1)
  const name = tokens[at]
  if (name?.kind !== 'string') {
    throw invalidAt({ source, line: block.line }, `{% ${block.name} %} needs a name in quotes`)
  }
  const file = translator.find(stringValue(name), source)
  if (file === undefined)
    throw invalidAt({ source, line: block.line }, `there is no file ${name.text} to ${block.name}`)
  return textOf(tokens.with(at, { kind: 'string', text: `"${translator.nameOf(file)}"` }))
}

/** Files that include files that include files could otherwise fill all memory before anything is rendered. */
const mostIncludes = 20_000

interface Place {
  source: Source
  /** The files this one is put into, and itself. */
  within: readonly string[]
}

function writeInclude(block: Block, { source, within }: Place, writer: Writer, translator: Translator): void {
  const origin = { source, line: block.line }
  const include = parseInclude(block.inside)
  if (include.stray !== undefined) throw invalidAt(origin, `"${include.stray}" in {% include %} is not supported`)
  const assignments = include.assignments.map(({ name, value }) => `${name}=${rewriteExpression(value)}`)
  const open = `{%${block.left} with ${[...assignments, '_included=true'].join(', ')}`
  const file = include.names?.map((name) => translator.find(name, source)).find((found) => found !== undefined)
  const lineAfter = block.line + lines(block.inside)
  if (file !== undefined && !within.includes(file.key) && !isInherited(file, translator.settings)) {
    if (writer.moves() > mostIncludes) throw invalidAt(origin, `more than ${mostIncludes / 2} files are included`)
    writer.moveTo(`${open}\n+%}`, file, 1)
    writeSource(file, within, writer, translator)
    writer.moveTo(`{%+ endwith\n${block.right}%}`, source, lineAfter)
    return
  }
  if (file === undefined && include.names !== undefined && include.ignoreMissing) {
    writer.write(tag(block, ` set _v = ""${'\n'.repeat(lines(block.inside))} `), source, block.line)
    return
  }
  const name = nameFor(include, file, source, translator)
  const missing = include.ignoreMissing ? ' ignore missing' : ''
  writer.moveTo(`${open}\n+%}{% include ${name}${missing} %}{%+ endwith ${block.right}%}`, source, lineAfter)
}

function nameFor(
  { expression, names }: ReturnType<typeof parseInclude>,
  file: Source | undefined,
  source: Source,
  { nameOf }: Translator,
): string {
  if (file !== undefined) return `"${nameOf(file)}"`
  // Missing: the engine says so when it comes to it, which may be never.
  if (names !== undefined) return JSON.stringify(names[0] ?? '')
  return `(${rewriteExpression(expression)})|_file("${nameOf(source)}")`
}

/** A file that is built from another one, or that others are: it cannot be put into the middle of something. */
function isInherited(source: Source, settings: JinjaSettings): boolean {
  return cut(source, settings).some(
    (segment) => segment.kind === 'block' && (segment.name === 'extends' || segment.name === 'block'),
  )
}

function lines(text: string): number {
  return text.split('\n').length - 1
}
