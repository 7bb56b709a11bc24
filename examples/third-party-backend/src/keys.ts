import { AngeeError } from '@angee/core'

const segment = /^[A-Za-z0-9._-]+$/

/** `~` stands in no key: so a listing never takes these for objects. */
export const incoming = 'incoming~/'

/** Whether a name can be a segment of a key. Everything else on the server is foreign. */
export function isSegment(name: string): boolean {
  return segment.test(name) && name !== '.' && name !== '..'
}

/** Fails for what is no key, so that no address is ever made from it. */
export function checkKey(key: string): void {
  if (key.split('/').every(isSegment)) return
  throw new AngeeError('INTERNAL', `${JSON.stringify(key)} is not a key of an object store`, { context: { key } })
}

export function notFound(key: string): AngeeError {
  return new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
}

export function exists(key: string): AngeeError {
  return new AngeeError('OBJECT_EXISTS', `object ${key} exists already`, { context: { key } })
}
