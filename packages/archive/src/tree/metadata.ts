import { Buffer } from 'node:buffer'
import { chmodSync, chownSync, fchmodSync, fchownSync, lchownSync } from 'node:fs'
import { setAttribute, setTimes, setTimesOf } from '@angee/core/posix'
import { type ByteString, toCString, toPath } from '../bytes/path.ts'
import type { Entry } from '../tar/format.ts'

/** Told of what an entry could not be given. */
export type Warn = (entry: Entry, message: string) => void

/** Only root gives files away and makes devices. */
export const asRoot = (): boolean => process.geteuid?.() === 0

/** Whether it cannot get the owner it had. A hard link has none of its own. */
export function isForeign({ type, uid, gid }: Entry): boolean {
  return type !== 'hardlink' && !asRoot() && (uid !== process.geteuid?.() || gid !== process.getegid?.())
}

/**
 * Owner before mode (a change of owner clears setuid); attributes after owner (it clears capabilities) and before mode
 * (only a file that may be written takes them); times last.
 */
export function setMetadata(entry: Entry, absolute: ByteString, warn: Warn): void {
  const path = toPath(absolute)
  if (asRoot())
    entry.type === 'symlink' ? lchownSync(path, entry.uid, entry.gid) : chownSync(path, entry.uid, entry.gid)
  setAttributes(entry, absolute, warn)
  if (entry.type !== 'symlink') chmodSync(path, entry.mode)
  setTimes(Buffer.from(absolute, 'latin1'), entry.mtimeNs, entry.mtimeNs)
}

/** The same for an open file. */
export function setMetadataOf(descriptor: number, entry: Entry, absolute: ByteString, warn: Warn): void {
  if (asRoot()) fchownSync(descriptor, entry.uid, entry.gid)
  setAttributes(entry, absolute, warn)
  fchmodSync(descriptor, entry.mode)
  setTimesOf(descriptor, entry.mtimeNs, entry.mtimeNs)
}

/** A target that cannot hold an attribute is told of, and does not fail a restore of everything else. */
function setAttributes(entry: Entry, absolute: ByteString, warn: Warn): void {
  for (const { name, value } of entry.attributes) {
    try {
      setAttribute(toCString(absolute), name, value)
    } catch (error) {
      warn(entry, `the attribute ${name} cannot be set: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
