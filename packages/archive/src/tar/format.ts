import { Buffer } from 'node:buffer'
import type { ByteString } from '../bytes/path.ts'

/** POSIX.1-2001 pax interchange format ("pax", ustar headers with extended records). All sizes in bytes. */
export const blockSize = 512

export type EntryType = 'file' | 'hardlink' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo'

export const typeFlags: Record<EntryType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
}

/** Padding, and the end of an archive. */
export const zeroBlocks = Buffer.alloc(2 * blockSize)

/** One member of a canonical archive. */
export interface Entry {
  /** Relative to the tree; empty for the tree's own directory. */
  path: ByteString
  type: EntryType
  /** Permission bits with setuid, setgid and sticky. */
  mode: number
  uid: number
  gid: number
  mtimeNs: bigint
  /** Logical size of a regular file, holes included; 0 for the rest. */
  size: number
  link: ByteString
  deviceMajor: number
  deviceMinor: number
  attributes: { name: string; value: Buffer }[]
  /** Stretches of data [start, end) of a file with holes; undefined when it has none. */
  segments: [start: number, end: number][] | undefined
}

/** A file with more stretches of data than this is stored as if it had no holes, so that its map stays small. */
export const mostSegments = 65_536

/** `bytes` rounded up to whole blocks. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / blockSize) * blockSize
}
