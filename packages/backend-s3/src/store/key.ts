import { AngeeError } from '@angee/core'
import type { Place } from './place.ts'

const segment = /^[A-Za-z0-9._-]+$/
/** Holds what the store itself needs. `~` stands in no key, so no object can lie there. */
export const ownPrefix = '.angee~/'

/** Whether this can be a key; everything else in the bucket is foreign. */
export function isKey(key: string): boolean {
  return key.split('/').every((one) => segment.test(one) && one !== '.' && one !== '..')
}

/** Whether a key can begin so. */
export function isBeginning(prefix: string): boolean {
  const [last = '', ...whole] = prefix.split('/').reverse()
  return (last === '' || segment.test(last)) && (whole.length === 0 || isKey(whole.join('/')))
}

/** The name of an object in the bucket. Fails for anything that is no key. */
export function nameOf(place: Place, key: string): string {
  if (isKey(key)) return place.prefix + key
  throw new AngeeError('INTERNAL', `${JSON.stringify(key)} is not a key of an object store`, { context: { key } })
}

export function exists(key: string): AngeeError {
  return new AngeeError('OBJECT_EXISTS', `object ${key} exists already`, { context: { key } })
}

export function notFound(key: string): AngeeError {
  return new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
}
