import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { stringify } from 'yaml'
import { parseYaml } from '../yaml.ts'
import { dictionary, type Filter, filter, list, plainValue, text, type Value } from './filter.ts'

/** The filters of Ansible that Copier brings, as far as templates use them and nothing outside the template is read. */
export const dataFilters: Record<string, Filter> = {
  tojson: filter(['indent'], (value, { indent }) => safeJson(value, Number(indent ?? 0))),
  to_json: filter(['indent'], (value, { indent }) => json(value, Number(indent ?? 0))),
  to_nice_json: filter(['indent'], (value, { indent }) => json(value, Number(indent ?? 4))),
  from_json: filter([], (value) => JSON.parse(text(value)) as Value),
  to_yaml: filter(['indent'], (value, { indent }) => yaml(value, Number(indent ?? 2))),
  to_nice_yaml: filter(['indent'], (value, { indent }) => yaml(value, Number(indent ?? 4))),
  from_yaml: filter([], (value) => parseYaml(text(value))),
  b64encode: filter([], (value) => Buffer.from(text(value)).toString('base64')),
  b64decode: filter([], (value) => Buffer.from(text(value), 'base64').toString()),
  hash: filter(['hashtype'], (value, { hashtype = 'sha1' }) => digest(text(hashtype), text(value))),
  md5: filter([], (value) => digest('md5', text(value))),
  sha1: filter([], (value) => digest('sha1', text(value))),
  basename: filter([], (value) => posix.basename(text(value))),
  dirname: filter([], (value) => posix.dirname(text(value))),
  splitext: filter([], (value) => {
    const { dir, name, ext } = posix.parse(text(value))
    return [posix.join(dir, name), ext]
  }),
  path_join: filter([], (value) => posix.join(...list(value).map(text))),
  relpath: filter(['start'], (value, { start = '.' }) => posix.relative(text(start), text(value))),
  quote: filter([], (value) => shellQuoted(text(value))),
  ternary: filter(['yes', 'no'], (value, { yes, no }) => (isTrue(value) ? yes : no)),
  mandatory: filter(['message'], (value, { message = 'a mandatory value is not defined' }) => {
    if (value === undefined) throw new Error(text(message))
    return value
  }),
  type_debug: filter([], (value) => pythonType(value)),
  combine: filter([], (value, { rest }) => new Map([value, ...(rest ?? [])].flatMap((one) => [...dictionary(one)]))),
  dict2items: filter([], (value) => [...dictionary(value)].map(([key, inner]) => ({ key, value: plainValue(inner) }))),
  items2dict: filter([], (value) =>
    Object.fromEntries(list(value).map((item) => [text(dictionary(item).get('key')), dictionary(item).get('value')])),
  ),
  flatten: filter(['levels'], (value, { levels }) =>
    list(value).flat(levels === undefined ? Infinity : Number(levels)),
  ),
  union: filter(['other'], (value, { other }) => [...new Set([...list(value), ...list(other)])]),
  intersect: filter(['other'], (value, { other }) => list(value).filter((item) => list(other).includes(item))),
  difference: filter(['other'], (value, { other }) => list(value).filter((item) => !list(other).includes(item))),
  symmetric_difference: filter(['other'], (value, { other }) => [
    ...list(value).filter((item) => !list(other).includes(item)),
    ...list(other).filter((item) => !list(value).includes(item)),
  ]),
  zip: filter(['other'], (value, { other }) =>
    list(value)
      .slice(0, list(other).length)
      .map((item, at) => [item, list(other)[at]]),
  ),
  comment: filter([], (value) => ['', ...text(value).split('\n'), ''].map((line) => `# ${line}`.trimEnd()).join('\n')),
}

/** As Python writes it: spaces behind commas and colons, and nothing beyond ASCII. */
function json(value: Value, indent: number): string {
  const plain = plainValue(value)
  const written = indent === 0 ? oneLine(plain) : JSON.stringify(plain, null, indent)
  return written.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function oneLine(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${oneLine(inner)}`)
  return `{${pairs.join(', ')}}`
}

/** Also safe inside of a page or an attribute. */
function safeJson(value: Value, indent: number): string {
  return json(value, indent).replace(/[<>&']/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function yaml(value: Value, indent: number): string {
  return stringify(plainValue(value), { indent, lineWidth: 0, version: '1.1', singleQuote: true })
}

function digest(algorithm: string, value: string): string {
  return createHash(algorithm).update(value).digest('hex')
}

function shellQuoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`
}

function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  return Boolean(value)
}

function pythonType(value: Value): string {
  if (value === undefined || value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Map) return 'dict'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return typeof value === 'boolean' ? 'bool' : 'str'
}
