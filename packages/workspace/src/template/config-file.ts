import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { AngeeError } from '@angee/core'
import { parseYamlFile, type YamlFile } from './document.ts'
import { isInside } from './inside.ts'

/** `copier.yml` with everything that it includes. */
export interface ConfigFile {
  /** The file of the template first. */
  files: readonly YamlFile[]
  values: Readonly<Record<string, unknown>>
}

/** What several documents add up instead of the last one winning. */
const lists = new Set([
  '_exclude',
  '_skip_if_exists',
  '_jinja_extensions',
  '_tasks',
  '_migrations',
  '_secret_questions',
])

const mostIncludes = 50

const configNames = ['copier.yml', 'copier.yaml']

/** The name of the file in that directory, or undefined when it holds no template. */
export function configFileOf(directory: string): string | undefined {
  return configNames.find((name) => existsSync(join(directory, name)))
}

/** Reads `copier.yml` with what it includes. `label` is shown for the directory. TEMPLATE_INVALID, TEMPLATE_ESCAPES. */
export function readConfigFile(directory: string, name: string, label: string): ConfigFile {
  const files: YamlFile[] = []
  const read = (path: string): Record<string, unknown> => {
    if (files.length >= mostIncludes) throw tooMany(label)
    const shown = join(label, relative(directory, path))
    // Its place first, so that a file which is included while it is parsed comes after it.
    const at = files.push({ label: shown, documents: [], lines: undefined as never }) - 1
    const file = parseYamlFile(readFileSync(path, 'utf8'), shown, (pattern) => included(pattern, shown))
    files[at] = file
    return merged(file.documents.map((document) => mapping(document.toJS(), shown)))
  }
  const included = (pattern: string, from: string): Record<string, unknown> => {
    if (isAbsolute(pattern) || pattern.split('/').includes('..')) throw escapes(pattern, from)
    const found = globSync(pattern, { cwd: directory }).sort()
    if (found.length === 0) {
      throw new AngeeError('TEMPLATE_INVALID', `${from}: !include ${pattern} finds no file`, {
        hint: 'Paths are relative to the directory of copier.yml.',
      })
    }
    return merged(
      found.map((path) => {
        const real = realpathSync(join(directory, path))
        if (isInside(real, directory)) return read(real)
        throw escapes(pattern, from)
      }),
    )
  }
  if (configNames.every((one) => existsSync(join(directory, one)))) throw twoFiles(label)
  const values = read(join(directory, name))
  return { files, values }
}

function merged(documents: readonly Record<string, unknown>[]): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const document of documents) {
    for (const [key, value] of Object.entries(document)) {
      const present = all[key]
      all[key] = lists.has(key) && Array.isArray(present) && Array.isArray(value) ? [...present, ...value] : value
    }
  }
  return all
}

function mapping(value: unknown, file: string): Record<string, unknown> {
  if (value === null || value === undefined) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new AngeeError('TEMPLATE_INVALID', `${file}:1:1: it holds no block of keys`, {
    hint: 'Write questions and settings as "name: value".',
  })
}

function twoFiles(label: string): AngeeError {
  return new AngeeError('TEMPLATE_INVALID', `${label} has a copier.yml and a copier.yaml`, {
    hint: 'Remove the one that does not count.',
    context: { template: label },
  })
}

function tooMany(label: string): AngeeError {
  return new AngeeError(
    'TEMPLATE_INVALID',
    `${label}: copier.yml includes itself, or more than ${mostIncludes} files`,
    {
      hint: 'Look for !include that goes round in a circle.',
    },
  )
}

function escapes(pattern: string, from: string): AngeeError {
  return new AngeeError('TEMPLATE_ESCAPES', `${from}: !include ${pattern} leads out of the template`, {
    hint: 'Put what it includes into the directory of the template.',
    context: { file: from, include: pattern },
  })
}
