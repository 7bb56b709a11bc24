import type { Random } from '@angee/core'
import { Environment } from 'minijinja-js'
import type { JinjaSettings } from './delimiters.ts'
import { explain, type FilterFailure, isTrap } from './explain.ts'
import { argumentsOf, ownFilters, plainValue } from './filters/index.ts'
import type { FindSource, Source, Translation } from './source.ts'
import { translate } from './translate.ts'

/** Instructions of the engine for one text: more than any honest template needs, and over in seconds. */
const fuel = 20_000_000

/** How often a text is begun again because a name that it includes became known only while rendering. */
const restarts = 200

/** Renders texts of one template. Nothing in it can reach the file system, the environment or a process. */
export interface Jinja extends Disposable {
  /** TEMPLATE_INVALID names the file, the line and what is wrong. TEMPLATE_ESCAPES. */
  render(source: Source, variables: Readonly<Record<string, unknown>>): string
}

export interface JinjaOptions {
  settings: JinjaSettings
  find: FindSource
  now(): number
  random: Random
}

export function createJinja({ settings, find, now, random }: JinjaOptions): Jinja {
  const filters = ownFilters(now)
  const known = { translations: new Map<string, Translation>(), filters: [...Object.keys(filters), ...engineFilters] }
  const names = new Map<string, string>()
  const sources = new Map<string, Source>()
  let waiting: Source[] = []
  let failure: FilterFailure | undefined
  let isBroken = false
  const environment = newEnvironment(settings)

  /** A filter that throws would end the engine for good. What it returns instead makes the engine say where it was. */
  function guarded(name: string, apply: (value: unknown, given: unknown[]) => unknown) {
    return (value: unknown, ...given: unknown[]): unknown => {
      try {
        return plainValue(apply(value, given))
      } catch (error) {
        failure ??= { filter: name.replace(/^_/, ''), reason: error instanceof Error ? error.message : String(error) }
        return Symbol('failed')
      }
    }
  }

  for (const [name, one] of Object.entries(filters))
    environment.addFilter(
      name,
      guarded(name, (value, given) => one.apply(value, argumentsOf(one, given))),
    )
  environment.addGlobal('make_secret', () => Buffer.from(random(new Uint8Array(64))).toString('hex'))
  environment.addFilter(
    '_file',
    guarded('include', (value, [from]) => {
      const source = sources.get(String(from))
      const found = source && [value].flat().flatMap((name) => find(String(name), source) ?? [])[0]
      return found === undefined ? String(value) : nameOf(found)
    }),
  )

  function nameOf(source: Source): string {
    const present = names.get(source.key)
    if (present !== undefined) return present
    const name = `t${names.size + 1}`
    names.set(source.key, name)
    sources.set(name, source)
    waiting.push(source)
    return name
  }

  /** The engine has no way to ask for a template while it renders: they are handed over before, or it is begun again. */
  function load(): void {
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      const name = nameOf(source)
      const translation = translate(source, { settings, find, nameOf })
      known.translations.set(name, translation)
      attempt(name, () => environment.addTemplate(name, translation.text))
    }
  }

  function attempt<Result>(name: string, use: () => Result): Result {
    failure = undefined
    try {
      return silently(use)
    } catch (error) {
      isBroken ||= isTrap(error)
      throw explain(error, name, failure, known)
    }
  }

  return {
    render: (source, variables) => {
      const name = nameOf(source)
      for (let left = restarts; ; left--) {
        load()
        try {
          return attempt(name, () => environment.renderTemplate(name, variables))
        } catch (error) {
          if (waiting.length === 0 || left === 0) throw error
        }
      }
    },
    [Symbol.dispose]: () => {
      waiting = []
      if (!isBroken) environment.free()
    },
  }
}

/** When the engine gives up it says so on stderr, in words for whoever maintains it. */
function silently<Result>(use: () => Result): Result {
  const { error } = console
  console.error = () => undefined
  try {
    return use()
  } finally {
    console.error = error
  }
}

function newEnvironment(settings: JinjaSettings): Environment {
  const environment = new Environment()
  environment.enablePyCompat()
  environment.fuel = fuel
  environment.undefinedBehavior = settings.undefined
  // Newlines at the end are taken away before, in every file alike.
  environment.keepTrailingNewline = true
  environment.trimBlocks = settings.trimBlocks
  environment.lstripBlocks = settings.lstripBlocks
  return environment
}

/** Filters that the engine brings, for suggestions. */
const engineFilters = (
  'abs attr batch bool capitalize chain default dictsort escape filesizeformat first float groupby indent items join ' +
  'last length list lower map max min pprint reject rejectattr replace reverse round safe select selectattr slice sort ' +
  'split string striptags sum title tojson trim truncate unique upper lines'
).split(' ')
