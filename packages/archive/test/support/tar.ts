import { Buffer } from 'node:buffer'

/*
 * Writes archives by hand, as POSIX describes them and as an attacker would: nothing here knows what is allowed.
 * Strings are one byte a character.
 */

export interface HandMade {
  name: string
  type?: string
  link?: string
  mode?: string
  /** What the header says; the length of `data` unless given. */
  size?: string
  data?: string | Buffer
  /** Extended records before the member, in this order. */
  records?: [key: string, value: string][]
  /** Extended records as they are, for those that do not add up. */
  rawRecords?: string
  mtime?: string
  magic?: string
  checksum?: string
}

export const endBlocks = Buffer.alloc(1024)
export const rootMember: HandMade = { name: './', type: '5', mode: '0000755' }

/** The members, the tree's own directory before them, and the end. */
export function handMadeTar(...members: HandMade[]): Buffer {
  return Buffer.concat([...[rootMember, ...members].map(handMade), endBlocks])
}

export function handMade(member: HandMade): Buffer {
  const records = member.rawRecords ?? member.records?.map(([key, value]) => record(key, value)).join('')
  const own = memberBytes(member)
  if (records === undefined) return own
  return Buffer.concat([memberBytes({ name: 'pax', type: 'x', data: Buffer.from(records, 'latin1') }), own])
}

function memberBytes({
  name,
  type = '0',
  link = '',
  mode = '0000644',
  size,
  data = '',
  mtime = '00000000000',
  magic,
  checksum,
}: HandMade): Buffer {
  const content = Buffer.from(data as string, 'latin1')
  const header = Buffer.alloc(512)
  header.write(name, 0, 100, 'latin1')
  header.write(mode, 100, 'latin1')
  header.write('0000000\x000000000\0', 108, 'latin1')
  header.write(size ?? content.length.toString(8).padStart(11, '0'), 124, 12, 'latin1')
  header.write(mtime, 136, 'latin1')
  header.write(type, 156, 'latin1')
  header.write(link, 157, 100, 'latin1')
  header.write(magic ?? 'ustar\x0000', 257, 'latin1')
  header.write('0000000\x000000000\0', 329, 'latin1')
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return `${length}${rest}`
}

/** A file with holes as GNU tar stores it, with the map as given. */
export function sparseMember(name: string, realSize: number | string, map: number[], data: string): HandMade {
  const text = `${map.join('\n')}\n`
  return {
    name: './GNUSparseFile.0',
    data: Buffer.concat([Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0')), Buffer.from(data)]),
    records: [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', name],
      ['GNU.sparse.realsize', String(realSize)],
    ],
  }
}
