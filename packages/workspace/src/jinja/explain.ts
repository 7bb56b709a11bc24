import { type AngeeError, didYouMean } from '@angee/core'
import { invalidAt } from './problem.ts'
import { type Origin, originOf, type Translation } from './source.ts'

/** What a filter of ours failed with, since the engine cannot say. */
export interface FilterFailure {
  filter: string
  reason: string
}

export interface Known {
  /** By the name under which the engine has them. */
  translations: ReadonlyMap<string, Translation>
  filters: readonly string[]
}

/** What the engine threw, as TEMPLATE_INVALID with the file and line of the template that is to blame. */
export function explain(thrown: unknown, name: string, failure: FilterFailure | undefined, known: Known): AngeeError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const origin = place(message, known) ?? firstLine(name, known)
  const [first = message] = message.split('\n')
  const reason = failure
    ? `the filter ${failure.filter} failed: ${failure.reason}`
    : first.replace(/ ?\(in t\d+:\d+\)$/, '').replace(/^syntax error: /, '')
  return invalidAt(origin, isTrap(thrown) ? tooMuch : reason, hint(reason, known), thrown)
}

/** What WebAssembly throws when the engine gave up. */
export function isTrap(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'RuntimeError'
}

const tooMuch = 'the template needs more memory than there is'

/** The last place that is named: the innermost. */
function place(message: string, { translations }: Known): Origin | undefined {
  const [, name = '', line = ''] = [...message.matchAll(/\(in (t\d+):(\d+)\)/g)].at(-1) ?? []
  const translation = translations.get(name)
  return translation && originOf(translation, Number(line))
}

function firstLine(name: string, { translations }: Known): Origin {
  const translation = translations.get(name)
  return (
    (translation && originOf(translation, 1)) ?? { source: { key: name, label: 'the template', text: '' }, line: 1 }
  )
}

function hint(reason: string, { filters }: Known): string | undefined {
  if (reason.startsWith('undefined value'))
    return 'Declare it as a question in copier.yml, or give it a value to use instead: x|default("…").'
  if (reason.includes('ran out of fuel')) return 'The template does too much: look for a loop that does not end.'
  const [, filter] = /^unknown filter: filter (\w+) is unknown/.exec(reason) ?? []
  if (filter !== undefined) return `${didYouMean(filter, filters)}Filters of Jinja extensions are not loaded.`
  if (reason.startsWith('unknown statement'))
    return 'Tags of Jinja extensions are not loaded. Write it without that tag.'
  return undefined
}
