import { type BigIntStats, readlinkSync } from 'node:fs'
import { dataSegments, listAttributes } from '@angee/core/posix'
import { type ByteString, toCString, toPath } from '../bytes/path.ts'
import { type Entry, mostSegments } from '../tar/format.ts'

/** What an entry says of which it has nothing to say. */
export const blank = {
  mode: 0,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  size: 0,
  link: '',
  deviceMajor: 0,
  deviceMinor: 0,
  attributes: [],
  segments: undefined,
}

/** The entry of what `stat` tells of; its attributes are read from an open file or a path. */
export function entryOf(path: ByteString, type: Entry['type'], stat: BigIntStats, target: ByteString | number): Entry {
  return {
    ...blank,
    path,
    type,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: stat.mtimeNs,
    attributes: listAttributes(typeof target === 'number' ? target : toCString(target)),
  }
}

/** The entry of an open regular file, with its holes. */
export function fileEntry(path: ByteString, stat: BigIntStats, descriptor: number): Entry {
  const size = Number(stat.size)
  const holes = Number(stat.blocks) * 512 < size
  const segments = holes ? dataSegments(descriptor, size, mostSegments) : undefined
  const whole = segments?.length === 1 && segments[0]?.[0] === 0 && segments[0][1] === size
  return { ...entryOf(path, 'file', stat, descriptor), size, segments: whole ? undefined : segments }
}

/** The entry of a symbolic link, a FIFO or a device. */
export function specialEntry(path: ByteString, stat: BigIntStats, absolute: ByteString): Entry {
  if (stat.isSymbolicLink()) {
    const link = readlinkSync(toPath(absolute), 'latin1')
    return { ...entryOf(path, 'symlink', stat, absolute), mode: 0o777, link }
  }
  if (stat.isFIFO()) return entryOf(path, 'fifo', stat, absolute)
  // makedev(3) of glibc spreads the two numbers over 64 bits.
  const device = stat.rdev
  return {
    ...entryOf(path, stat.isBlockDevice() ? 'block-device' : 'character-device', stat, absolute),
    deviceMajor: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    deviceMinor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  }
}
