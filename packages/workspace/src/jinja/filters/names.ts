import { slug } from '@angee/core'
import { type Filter, filter, list, text, type Value } from './filter.ts'

/** What templates make names with, and the filters of Django-like engines that have a colon before their argument. */
export const nameFilters: Record<string, Filter> = {
  slug: filter([], (value) => slug(text(value))),
  slugify: filter(['separator'], (value, { separator = '-' }) => slug(text(value)).replaceAll('-', text(separator))),
  local_part: filter([], (value) => text(value).split('@')[0]),
  add: filter(['other'], (value, { other }) => added(value, other)),
  cut: filter(['piece'], (value, { piece }) => text(value).replaceAll(text(piece), '')),
}

/** A sum of numbers, else one after the other. */
function added(value: Value, other: Value): Value {
  if (Array.isArray(value)) return [...value, ...list(other)]
  const isNumber = (one: Value): boolean => typeof one === 'number' || /^-?\d+$/.test(text(one))
  if (isNumber(value) && isNumber(other)) return Number(value) + Number(other)
  return text(value) + text(other)
}
