import { AngeeError } from '@angee/core'

const segment = /^[A-Za-z0-9._-]+$/
/** Lies beside the objects, so no object may have its name. */
export const gitIgnoreName = '.gitignore'
/** Holds files that are still being written. `~` stands in no key, so no object can have this name. */
export const incomingName = '.incoming~'

/** Whether a directory entry can be a segment of a key; everything else in the directory is foreign. */
export function isSegment(name: string): boolean {
  return segment.test(name) && name !== '.' && name !== '..'
}

/** The segments of a key. Fails for anything that is no key, so that no path is ever made from it. */
export function segmentsOf(key: string): string[] {
  const segments = key.split('/')
  if (segments.every(isSegment) && key !== gitIgnoreName) return segments
  throw new AngeeError('INTERNAL', `${JSON.stringify(key)} is not a key of an object store`, { context: { key } })
}
