import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { ComposeOptions } from '../options.ts'
import { factsKey, marker } from './compile.ts'
import { isBlock } from './merge.ts'

/** What a compiled file says to angee itself. */
export interface Facts {
  project: string
  jobs: readonly string[]
  /** Variables of the client that carry the secrets the file needs. */
  secrets: readonly string[]
}

/** Where the definition of the Compose project of a stack root comes from. */
export type Source =
  | { origin: 'compiled'; file: string; facts: Facts }
  | { origin: 'by-hand'; file: string }
  /** There is none; a compiled one would be `file`. */
  | { origin: 'none'; file: string }

/** Beside this one, other names go first by the rules of Compose: a file that a person adds is never hidden by it. */
const compiledName = 'docker-compose.yaml'
const otherNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml']
export const fileNames = [...otherNames, compiledName]

/** Looks which file Compose uses in a stack root, as Compose does, but for directories above. */
export function sourceOf(stackRoot: string, options: ComposeOptions, own: NodeJS.ProcessEnv): Source {
  const file = join(stackRoot, compiledName)
  const named = namedFiles(stackRoot, options, own).map((path) => resolve(stackRoot, path))
  const byHand = named[0] ?? otherNames.map((name) => join(stackRoot, name)).find(existsSync)
  if (byHand !== undefined && !named.includes(file)) return { origin: 'by-hand', file: byHand }
  const text = readIfThere(file)
  if (text === undefined) return { origin: 'none', file }
  return text.startsWith(marker) ? { origin: 'compiled', file, facts: factsOf(text) } : { origin: 'by-hand', file }
}

function namedFiles(stackRoot: string, { file, env_file }: ComposeOptions, own: NodeJS.ProcessEnv): readonly string[] {
  if (file !== undefined) return typeof file === 'string' ? [file] : file
  const environments = typeof env_file === 'string' ? [env_file] : (env_file ?? ['.env'])
  const variable = (name: string) =>
    own[name] || environments.map((path) => lineOf(readIfThere(resolve(stackRoot, path)) ?? '', name)).findLast(Boolean)
  return (variable('COMPOSE_FILE') ?? '').split(variable('COMPOSE_PATH_SEPARATOR') ?? delimiter).filter(Boolean)
}

function lineOf(text: string, name: string): string | undefined {
  const [, written] = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text) ?? []
  return written && (/^(["'])(.*)\1$/.exec(written)?.[2] ?? written)
}

/** Reads as much as there is: also what a person broke tells to whom the containers belong. */
function factsOf(text: string): Facts {
  const document: unknown = parseDocument(text).toJS()
  const all = isBlock(document) ? document : {}
  const own = isBlock(all[factsKey]) ? all[factsKey] : {}
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
  return { project: String(all['name'] ?? ''), jobs: texts(own['jobs']), secrets: texts(own['secrets']) }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined
    throw error
  }
}
