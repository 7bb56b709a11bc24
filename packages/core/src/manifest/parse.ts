import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { AngeeError } from '../errors/index.ts'
import { type Manifest, toManifest } from './manifest.ts'
import { foreignKeys, manifestSchema, ownedKeys } from './schema.ts'
import { didYouMean } from './suggest.ts'

/** A hook on a service whose name cannot become part of a file name. */
const serviceName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

interface Source {
  document: Document
  lines: LineCounter
  /** Shown in messages. */
  file: string
}

type Path = readonly PropertyKey[]

/**
 * Parses and checks the text of an `angee.yaml`. `file` is only shown in messages.
 * MANIFEST_INVALID says line and column, what stands there, and what to write instead.
 */
export function parseManifest(text: string, file: string): Manifest {
  const source = readSource(text, file)
  refuseMisspeltKeys(source)
  const manifest = toManifest(checked(source, manifestSchema))
  refuseOddServiceNames(source, manifest)
  return manifest
}

/** Checks the text of an `angee.yaml` against another schema than that of snapshots. MANIFEST_INVALID as above. */
export function checkManifest<Schema extends z.ZodType>(text: string, file: string, schema: Schema): z.output<Schema> {
  return checked(readSource(text, file), schema)
}

function readSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const source = { document, lines, file }
  const [syntaxError] = document.errors
  if (syntaxError) throw invalidAt(source, syntaxError.pos[0], syntaxError.message, 'Correct the YAML at that place.')
  return source
}

function checked<Schema extends z.ZodType>(source: Source, schema: Schema): z.output<Schema> {
  const value: unknown = source.document.toJS() ?? {}
  const result = schema.safeParse(value)
  if (!result.success) throw invalidIssue(source, result.error.issues)
  return result.data
}

/** Loosely loaded places accept any key, so one that is nearly ours must be a slip of the hand. */
function refuseMisspeltKeys(source: Source): void {
  refuseNearMisses(source, [], ownedKeys.top)
  const services = source.document.get('services')
  if (!isMap(services)) return
  for (const { key } of services.items) {
    if (isScalar(key)) refuseNearMisses(source, ['services', String(key.value)], ownedKeys.service)
  }
}

function refuseNearMisses(source: Source, path: Path, known: readonly string[]): void {
  const node = path.length === 0 ? source.document.contents : source.document.getIn(path)
  if (!isMap(node)) return
  const present = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''))
  for (const key of present) {
    if (known.includes(key) || foreignKeys.includes(key)) continue
    const suggestion = didYouMean(key, known)
    if (suggestion !== '') throw unknownKey(source, path, key, suggestion)
  }
}

function refuseOddServiceNames(source: Source, manifest: Manifest): void {
  const odd = manifest.services.find(({ name, hook }) => hook && !serviceName.test(name))
  if (!odd) return
  throw invalidAt(
    source,
    offsetOf(source, ['services', odd.name], true),
    `services.${odd.name} has a hook, and its name cannot become part of a file name`,
    'Use letters, digits, ".", "_" and "-" only.',
  )
}

/** Of a choice between forms, what is wrong with the one that was meant: the one that the value has the type of. */
function meantBy(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors.find((inner) => inner.some(({ code, path }) => code !== 'invalid_type' || path.length > 0))
  return meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue]
}

function invalidIssue(source: Source, all: readonly z.core.$ZodIssue[]): AngeeError {
  const issues = all.flatMap(meantBy)
  // A misspelt key is also a missing one; naming the slip helps more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  if (!issue) return new AngeeError('MANIFEST_INVALID', `${source.file}: not valid`)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    return unknownKey(source, issue.path, key, didYouMean(key, keysAllowedAt(issue.path)))
  }
  const where = issue.path.map(String).join('.')
  const missing = valueAt(source, issue.path) === undefined
  const message = missing ? `${where} is missing` : `${where}: ${describe(issue, valueAt(source, issue.path))}`
  const hint = missing ? `Add "${String(issue.path.at(-1))}:" there.` : `Correct ${where}.`
  return invalidAt(source, offsetOf(source, missing ? issue.path.slice(0, -1) : issue.path, false), message, hint)
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  const shown =
    typeof value === 'object' && value !== null
      ? Array.isArray(value)
        ? 'a list'
        : 'a block of keys'
      : JSON.stringify(value)
  if (issue.code === 'invalid_union' && issue.message !== 'Invalid input') return `${shown} ${issue.message}`
  if (issue.code === 'invalid_union')
    return `${shown} is neither a command in a shell (a string) nor an argv (a list of strings)`
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    return `${shown} is not one of ${allowed.join(', ')}. ${didYouMean(String(value), allowed)}`.trim()
  }
  if (issue.code === 'invalid_type') return `${shown} should be ${article(issue.expected)}`
  if (issue.code === 'invalid_key')
    return `the name ${JSON.stringify(issue.path.at(-1))} is not usable: ${issue.issues[0]?.message ?? ''}`
  return `${shown}: ${issue.message}`
}

function article(expected: string): string {
  const words: Record<string, string> = {
    string: 'a string',
    record: 'a block of keys',
    object: 'a block of keys',
    array: 'a list',
    boolean: 'true or false',
    int: 'a whole number',
    number: 'a number',
  }
  return words[expected] ?? expected
}

function keysAllowedAt(path: Path): readonly string[] {
  if (path[0] === 'persist') return ownedKeys.persist
  if (path[0] === 'services' && path[2] === 'ready') return ownedKeys.ready
  if (path[0] === 'services') return ownedKeys.hook
  if (path[0] === 'jobs' && path[2] === 'restore') return ownedKeys.restore
  if (path[1] === 'retention') return path[2] === 'only' ? ['name', 'labels'] : ownedKeys.retention
  if (path[1] === 'schedule') return ownedKeys.schedule
  if (path[1] === 'webhooks') return ownedKeys.webhook
  return ownedKeys.backup
}

function unknownKey(source: Source, path: Path, key: string, suggestion: string): AngeeError {
  const where = [...path, key].map(String).join('.')
  const hint = suggestion || `Known keys there: ${keysAllowedAt(path).join(', ')}.`
  return invalidAt(source, offsetOf(source, [...path, key], true), `unknown key ${where}`, hint.trim())
}

function valueAt(source: Source, path: Path): unknown {
  const value: unknown = path.length === 0 ? source.document.contents : source.document.getIn(path)
  return isMap(value) || (typeof value === 'object' && value !== null && 'toJSON' in value)
    ? (value as { toJSON(): unknown }).toJSON()
    : value
}

/** Where the key (or its value) at `path` begins in the text; the nearest parent's place when it is absent. */
function offsetOf(source: Source, path: Path, atKey: boolean): number {
  const parent: unknown = path.length <= 1 ? source.document.contents : source.document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
    const node: unknown = atKey ? pair?.key : (pair?.value ?? pair?.key)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return Number(node.range[0])
  }
  return path.length === 0 ? 0 : offsetOf(source, path.slice(0, -1), true)
}

function invalidAt(source: Source, offset: number, message: string, hint: string): AngeeError {
  const { line, col } = source.lines.linePos(offset)
  return new AngeeError('MANIFEST_INVALID', `${source.file}:${line}:${col}: ${message}`, {
    hint,
    context: { file: source.file, line, column: col },
  })
}
