/** A value as a filter gets it: dictionaries are Maps, and `none` and what is undefined are both undefined. */
export type Value = unknown

export interface Filter {
  /** The names its arguments may be given by, in the order in which they may stand without one. */
  parameters: readonly string[]
  /** Names of arguments that never stand without one. */
  options: readonly string[]
  apply(value: Value, given: Arguments): Value
}

export type Arguments = Readonly<Record<string, Value>> & { readonly rest?: readonly Value[] }

export function filter(parameters: readonly string[], apply: Filter['apply'], options: readonly string[] = []): Filter {
  return { parameters, apply, options }
}

/**
 * The arguments by name. The engine hands over those given by name as one dictionary after the others; what has no name
 * of its own is in `rest`.
 */
export function argumentsOf({ parameters, options }: Filter, given: readonly Value[]): Arguments {
  const last = given.at(-1)
  const isNamed =
    last instanceof Map &&
    last.size > 0 &&
    [...last.keys()].every((key) => parameters.includes(key) || options.includes(key))
  const positional = isNamed ? given.slice(0, -1) : given
  const named = isNamed ? Object.fromEntries(last) : {}
  const byPlace = Object.fromEntries(
    parameters.flatMap((name, at) => (at < positional.length ? [[name, positional[at]]] : [])),
  )
  return { ...byPlace, ...named, rest: positional.slice(parameters.length) }
}

/** As text: what a template would print of it. */
export function text(value: Value): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : String(value)
}

export function list(value: Value): Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value.keys()]
  return value === undefined || value === null ? [] : [...text(value)]
}

export function dictionary(value: Value): Map<string, Value> {
  if (value instanceof Map) return value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value))
  throw new Error('needs a dictionary')
}

/** Dictionaries as plain objects, all the way down: what the engine, JSON and YAML understand. */
export function plainValue(value: Value): Value {
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]) => [String(key), plainValue(inner)]))
  return value ?? null
}
