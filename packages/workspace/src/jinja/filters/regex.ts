import { createContext, Script } from 'node:vm'
import { type Arguments, type Filter, filter, text, type Value } from './filter.ts'

/** How long one expression may look: some take for ever with the right text, and nothing else runs meanwhile. */
const patience = 1_000

/** Regular expressions of Python, as Ansible's filters take them. */
export const regexFilters: Record<string, Filter> = {
  regex_search: filter(['pattern'], (value, given) => search(text(value), given), ['ignorecase', 'multiline']),
  regex_replace: filter(['pattern', 'replacement', 'ignorecase', 'multiline', 'count'], (value, given) =>
    replace(text(value), given),
  ),
  regex_findall: filter(['pattern', 'multiline', 'ignorecase'], (value, given) => findAll(text(value), given)),
  regex_escape: filter([], (value) => text(value).replace(/[-[\]{}()*+?.,\\^$|#\s]/g, '\\$&')),
}

/** The match, or of the groups that are asked for as `'\\1'` or `'\\g<name>'` each one. */
function search(value: string, given: Arguments): Value {
  const { flags, source } = translated(given)
  const wanted = (given.rest ?? []).map((group) => text(group).replace(/^\\(?:g<(\w+)>|(\d+))$/, '$1$2'))
  const code =
    wanted.length === 0
      ? 'match[0]'
      : 'JSON.parse(wanted).map((group) => match[group] ?? match.groups?.[group] ?? null)'
  const values = { subject: value, source, flags, wanted: JSON.stringify(wanted) }
  return run(`(match => match && ${code})(subject.match(new RegExp(source, flags)))`, values) ?? undefined
}

function replace(value: string, given: Arguments): Value {
  const { flags, source } = translated(given)
  const count = Number(given['count'] ?? 0)
  const replacement = text(given['replacement'])
    .replaceAll('$', '$$$$')
    .replace(/\\(?:g<(\w+)>|(\d)|([\\nrt]))/g, (_, name?: string, digit?: string, char?: string) => {
      if (char !== undefined) return escapes[char] ?? char
      if (digit !== undefined) return `$${digit}`
      return /^\d+$/.test(name ?? '') ? `$${name}` : `$<${name}>`
    })
  const code = 'subject.replace(new RegExp(source, flags), replacement)'
  return run(code, { subject: value, source, flags: count === 1 ? flags : `${flags}g`, replacement })
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

function findAll(value: string, given: Arguments): Value {
  const { flags, source } = translated(given)
  const code = '[...subject.matchAll(new RegExp(source, flags))].map((m) => (m.length > 2 ? m.slice(1) : m[1] ?? m[0]))'
  return run(code, { subject: value, source, flags: `${flags}g` })
}

/** What Python writes otherwise: names of groups, the ends of the text, and flags at the beginning. */
function translated(given: Arguments): { source: string; flags: string } {
  const [, inline = '', body = ''] = /^(?:\(\?([aimsux]+)\))?([\s\S]*)$/.exec(text(given['pattern'])) ?? []
  const source = body
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '$')
  const wanted = [
    inline.includes('i') || given['ignorecase'] === true ? 'i' : '',
    inline.includes('m') || given['multiline'] === true ? 'm' : '',
    inline.includes('s') ? 's' : '',
  ]
  return { source, flags: wanted.join('') }
}

function run(code: string, values: Record<string, string>): Value {
  const result: unknown = new Script(`JSON.stringify(${code})`).runInContext(createContext({ ...values }), {
    timeout: patience,
  })
  return result === undefined ? undefined : (JSON.parse(String(result)) as Value)
}
