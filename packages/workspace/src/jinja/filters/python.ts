import { type Arguments, dictionary, type Filter, filter, list, text, type Value } from './filter.ts'

/** A value as Python prints it. */
export function printed(value: Value): string {
  if (typeof value === 'string') return value
  return represented(value)
}

function represented(value: Value): string {
  if (value === undefined || value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(represented).join(', ')}]`
  if (value instanceof Map)
    return `{${[...value].map(([key, inner]) => `${represented(key)}: ${represented(inner)}`).join(', ')}}`
  return String(value)
}

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
  const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', [quote]: `\\${quote}` }
  return `${quote}${value.replace(/[\\\n\r\t'"]/g, (char) => escapes[char] ?? char)}${quote}`
}

/** Methods and functions of Python that the engine does not bring. Those that begin with `_` stand for methods. */
export const pythonFilters: Record<string, Filter> = {
  _py: filter([], (value) => printed(value)),
  _get: filter(['key', 'default'], (value, { key, default: other }) => dictionary(value).get(text(key)) ?? other),
  _isidentifier: filter([], (value) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text(value))),
  _removeprefix: filter(['prefix'], (value, { prefix }) => withoutPrefix(text(value), text(prefix))),
  _removesuffix: filter(['suffix'], (value, { suffix }) =>
    text(suffix) !== '' && text(value).endsWith(text(suffix))
      ? text(value).slice(0, -text(suffix).length)
      : text(value),
  ),
  _zfill: filter(['width'], (value, { width }) => zeroFilled(text(value), Number(width))),
  _rsplit: filter(['separator', 'limit'], (value, { separator, limit }) =>
    splitFromRight(text(value), separator, limit),
  ),
  _index: filter(['item'], (value, { item }) => indexIn(value, item)),
  _format: filter([], (value, { rest }) => braces(text(value), rest ?? [])),
  format: filter([], (value, { rest }) => percents(text(value), rest ?? [])),
  int: filter(['default', 'base'], (value, { default: other = 0, base }) => toInt(value, other, base)),
  bool: filter([], (value) => toBool(value)),
  center: filter(['width'], (value, { width = 80 }) => centred(text(value), Number(width))),
  title: filter([], (value) =>
    text(value)
      .split(/([-\s({[<]+)/)
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
      .join(''),
  ),
  truncate: filter(['length', 'killwords', 'end', 'leeway'], (value, given) => shortened(text(value), given)),
  wordcount: filter(
    [],
    (value) =>
      text(value)
        .split(/\s+/)
        .filter((word) => word !== '').length,
  ),
  urlencode: filter([], (value) =>
    value instanceof Map
      ? [...value].map(([key, inner]) => `${quoteUrl(text(key))}=${quoteUrl(text(inner))}`).join('&')
      : quoteUrl(text(value)),
  ),
}

function withoutPrefix(value: string, prefix: string): string {
  return value.startsWith(prefix) ? value.slice(prefix.length) : value
}

function zeroFilled(value: string, width: number): string {
  const [, sign = '', digits = ''] = /^([-+]?)([\s\S]*)$/.exec(value) ?? []
  return sign + digits.padStart(width - sign.length, '0')
}

function splitFromRight(value: string, separator: Value, limit: Value): string[] {
  if (separator === undefined) return value.split(/\s+/).filter((word) => word !== '')
  const pieces = value.split(text(separator))
  const cuts = limit === undefined ? pieces.length : Number(limit)
  if (cuts < 0 || pieces.length - 1 <= cuts) return pieces
  const head = pieces.slice(0, pieces.length - cuts).join(text(separator))
  return [head, ...pieces.slice(pieces.length - cuts)]
}

function indexIn(value: Value, item: Value): number {
  const at = typeof value === 'string' ? value.indexOf(text(item)) : list(value).indexOf(item)
  if (at < 0) throw new Error(`${JSON.stringify(item)} is not in it`)
  return at
}

/** `"{} of {1}".format(…)`, without what may stand after a colon. */
function braces(pattern: string, given: readonly Value[]): string {
  let next = 0
  return pattern.replace(/\{\{|\}\}|\{(\w*)\}/g, (all, name: string | undefined) => {
    if (name === undefined) return all[0] ?? ''
    const at = name === '' ? next++ : Number(name)
    const named = given.at(-1)
    const found = Number.isNaN(at) && named instanceof Map ? named.get(name) : given[at]
    if (found === undefined) throw new Error(`there is no value for ${all}`)
    return printed(found)
  })
}

/** `"%s-%03d"|format(…)`. */
function percents(pattern: string, given: readonly Value[]): string {
  let next = 0
  return pattern.replace(
    /%(?:\((\w+)\))?([-0]?)(\d*)(?:\.(\d+))?([sdifxr%])/g,
    (all, name, flag, width, digits, kind) => {
      if (kind === '%') return '%'
      const named = given.at(-1)
      const found = name !== undefined && named instanceof Map ? named.get(name) : given[next++]
      if (found === undefined) throw new Error(`there is no value for ${all}`)
      const shown = asFormat(found, kind, digits)
      if (flag === '-') return shown.padEnd(Number(width))
      return flag === '0' ? zeroFilled(shown, Number(width)) : shown.padStart(Number(width))
    },
  )
}

function asFormat(value: Value, kind: string, digits: string | undefined): string {
  if (kind === 's') return printed(value)
  if (kind === 'r') return represented(value)
  if (kind === 'f') return Number(value).toFixed(digits === undefined ? 6 : Number(digits))
  if (!Number.isFinite(Number(value))) throw new Error(`${JSON.stringify(value)} is no number`)
  return kind === 'x' ? Math.trunc(Number(value)).toString(16) : String(Math.trunc(Number(value)))
}

function toInt(value: Value, other: Value, base: Value): Value {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return Math.trunc(value)
  const trimmed = text(value).trim()
  if (base !== undefined && base !== 10) {
    const parsed = Number.parseInt(trimmed, Number(base))
    return Number.isNaN(parsed) ? other : parsed
  }
  const number = /^[-+]?\d+(\.\d*)?$/.test(trimmed) ? Math.trunc(Number(trimmed)) : Number.NaN
  return Number.isSafeInteger(number) ? number : other
}

/** As Ansible reads it. */
function toBool(value: Value): boolean {
  if (typeof value === 'boolean') return value
  return ['yes', 'on', '1', 'true', 'y', 't'].includes(text(value).trim().toLowerCase())
}

function centred(value: string, width: number): string {
  const room = Math.max(0, width - value.length)
  return value.padStart(value.length + Math.floor(room / 2)).padEnd(width)
}

function shortened(value: string, { length = 255, killwords, end = '...', leeway = 5 }: Arguments): string {
  if (value.length <= Number(length) + Number(leeway)) return value
  const head = value.slice(0, Math.max(0, Number(length) - text(end).length))
  const words = killwords === true || !head.includes(' ') ? head : head.slice(0, head.lastIndexOf(' '))
  return words + text(end)
}

function quoteUrl(value: string): string {
  return encodeURIComponent(value).replaceAll('%2F', '/')
}
