import type { Buffer } from 'node:buffer'
import { encodeHeader } from '../tar/encode.ts'

/** The header of one member: a regular file of mode 0600. Sizes that ustar cannot hold stand in an extended header. */
export function memberHeader(name: string, size: number, mtimeNs: bigint): Buffer {
  return encodeHeader({
    path: name,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtimeNs,
    size,
    link: '',
    deviceMajor: 0,
    deviceMinor: 0,
    attributes: [],
    segments: undefined,
  })
}
