import { didYouMean } from '@angee/core'
import type { z } from 'zod'
import type { ConfigFile } from './config-file.ts'
import { invalidAtKey, type KeyPath } from './document.ts'

/** `value`, which stands at `path` of `copier.yml`, checked. TEMPLATE_INVALID with line and column. */
export function checked<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  path: KeyPath,
  { files }: ConfigFile,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  // A misspelt key is also a missing one; naming the slip helps more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? (issues[0] as z.core.$ZodIssue)
  const at = [...path, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))]
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const known = Object.keys(schema.shape)
    const hint = `${didYouMean(key, known)}Known keys there: ${known.join(', ')}.`
    throw invalidAtKey(files, [...at, key], `unknown key ${[...at, key].join('.')}`, hint)
  }
  const shown = at.join('.')
  throw invalidAtKey(files, at, `${shown}: ${describe(issue)}`, `Correct ${shown}.`)
}

const words: Record<string, string> = {
  string: 'text',
  record: 'a block of keys',
  object: 'a block of keys',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `it should be ${words[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_union') return 'it has another form than is known there'
  return issue.message
}
