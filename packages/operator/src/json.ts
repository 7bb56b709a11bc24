import { redact } from '@angee/core/errors'

/** Objects whose keys are a person's own, or a code's: their keys stay as they are. */
const ownKeys = new Set(['labels', 'keepLabels', 'keep_labels', 'context'])

/** JSON as the API speaks it: keys in snake_case. */
export function toSnake(value: unknown): unknown {
  return mapKeys(value, snakeKey)
}

const known = new Map<string, string>()

/** The keys there are are few, and asked for by the thousand. */
function snakeKey(key: string): string {
  let snake = known.get(key)
  if (snake !== undefined) return snake
  snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  if (known.size < 1000) known.set(key, snake)
  return snake
}

/** JSON as core speaks it: keys in camelCase. */
export function toCamel(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => mapKeys(one, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [rename(key), ownKeys.has(key) ? one : mapKeys(one, rename)]),
  )
}

/** Values under these keys are names of the manifest and words of ours: no secret, also where one happens to be spelled alike. */
const words = new Set(
  'id part parts only kind type state status code operation snapshot snapshots service services job jobs runtime action digest outcome scope scopes level purpose name since health'.split(
    ' ',
  ),
)

/** The JSON of a value, with every known secret cut out of its texts. Where there is none, which is nearly always, quick. */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value)
  return redact(text) === text ? text : JSON.stringify(withoutSecrets(value))
}

/** The same value with every known secret cut out of its texts. */
export function withoutSecrets<Value>(value: Value): Value {
  return clean(value) as Value
}

function clean(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return words.has(key) ? value : redact(value)
  if (Array.isArray(value)) return value.map((one) => clean(one, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, clean(one, name)]))
}

/** The same object without keys whose value is undefined. */
export type Present<Value> = { [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key] } & {
  [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined>
}

export function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Present<Value>
}
