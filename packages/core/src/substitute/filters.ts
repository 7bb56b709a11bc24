import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/suggest.ts'

/** `undefined` is what has no value yet. */
type Filter = (value: string | undefined, args: readonly string[], where: string) => string | undefined

const filters: Readonly<Record<string, { arguments: number; apply: Filter }>> = {
  slug: { arguments: 0, apply: (value) => value && slug(value) },
  lower: { arguments: 0, apply: (value) => value?.toLowerCase() },
  upper: { arguments: 0, apply: (value) => value?.toUpperCase() },
  local_part: { arguments: 0, apply: (value) => value?.split('@')[0] },
  b64encode: { arguments: 0, apply: (value) => value && Buffer.from(value).toString('base64') },
  default: { arguments: 1, apply: (value, [other]) => (value === undefined || value === '' ? other : value) },
  required: { arguments: 1, apply: required },
  truncate: { arguments: 1, apply: truncate },
  replace: { arguments: 2, apply: (value, [from = '', to = '']) => value?.replaceAll(from, to) },
}

/** Puts `value` through one filter. MANIFEST_INVALID for a filter or an argument that does not exist. */
export function applyFilter(
  name: string,
  value: string | undefined,
  args: readonly string[],
  where: string,
): string | undefined {
  const filter = filters[name]
  if (filter === undefined) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: there is no filter "${name}"`, {
      hint: `${didYouMean(name, Object.keys(filters))}Filters: ${Object.keys(filters).join(', ')}.`,
    })
  }
  // A message may be left out.
  if (args.length !== filter.arguments && !(name === 'required' && args.length === 0)) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: the filter ${name} takes ${filter.arguments} arguments`, {
      hint: `Write it as ${name}(${filter.arguments === 2 ? '"from", "to"' : filter.arguments === 1 ? '"value"' : ''}).`,
    })
  }
  return filter.apply(value, args, where)
}

/** Lower-case letters and digits, everything else in between as one `-`; letters with accents lose these. */
export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
}

function required(value: string | undefined, [message]: readonly string[], where: string): string {
  if (value !== undefined && value !== '') return value
  throw new AngeeError('MANIFEST_INVALID', `${where}: ${message ?? 'a value is required and there is none'}`, {
    hint: 'Give it a value.',
  })
}

function truncate(value: string | undefined, [length = '']: readonly string[], where: string): string | undefined {
  if (!/^\d+$/.test(length)) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: truncate("${length}") is no length`, {
      hint: 'Write a whole number, for example truncate(40).',
    })
  }
  // A name that ends with the separator of its words is not valid in most places.
  return value?.slice(0, Number(length)).replace(/-+$/, '')
}
