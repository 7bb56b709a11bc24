import { dataFilters } from './data.ts'
import type { Filter } from './filter.ts'
import { nameFilters } from './names.ts'
import { pythonFilters } from './python.ts'
import { regexFilters } from './regex.ts'
import { timeFilters } from './time.ts'

export { argumentsOf, type Filter, plainValue } from './filter.ts'

/** Every filter that the engine does not bring itself. */
export function ownFilters(now: () => number): Record<string, Filter> {
  return { ...pythonFilters, ...regexFilters, ...dataFilters, ...nameFilters, ...timeFilters(now) }
}
