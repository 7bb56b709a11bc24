import type { Buffer } from 'node:buffer'
import { AngeeError } from '@angee/core/errors'
import { shown } from '../bytes/path.ts'
import { blockSize, type Entry, type EntryType, mostSegments, padded, typeFlags } from './format.ts'

/** Where a decoder gets its bytes: `take` gives exactly that many, valid until the next call, or throws at the end. */
export interface ByteSource {
  take(bytes: number): Buffer
}

export interface Member {
  entry: Entry
  /** Bytes of data that follow, padding not counted. */
  dataBytes: number
}

/** More than any path, link and attributes of one file can take on Linux; bounds what a hostile header can ask for. */
const largestExtension = 2 << 20
const typesByFlag = new Map(Object.entries(typeFlags).map(([type, flag]) => [flag, type as EntryType]))

/** The next member, or undefined at the two zero blocks that end an archive. ARCHIVE_CORRUPT, ARCHIVE_HOSTILE. */
export function decodeMember(source: ByteSource): Member | undefined {
  let records = new Map<string, Buffer>()
  for (;;) {
    const header = source.take(blockSize)
    if (isZero(header)) {
      if (!isZero(source.take(blockSize))) throw corrupt('one zero block stands in the middle of the archive')
      if (records.size > 0) throw corrupt('an extended header stands before the end')
      return undefined
    }
    checkHeader(header)
    const flag = String.fromCharCode(header[156] ?? 0)
    if (flag !== 'x') return memberOf(header, flag, records, source)
    if (records.size > 0) throw corrupt('two extended headers follow each other')
    records = parseRecords(source, octal(header, 124, 12))
  }
}

function memberOf(header: Buffer, flag: string, records: Map<string, Buffer>, source: ByteSource): Member {
  const type = typesByFlag.get(flag)
  if (type === undefined) throw hostile(`a member has the unknown type "${shown(flag)}"`)
  const text = (key: string): string | undefined => records.get(key)?.toString('latin1')
  const name = text('GNU.sparse.name') ?? text('path') ?? field(header, 0, 100)
  const storedSize = whole(text('size'), 'size') ?? octal(header, 124, 12)
  if (type !== 'file' && storedSize !== 0) throw hostile(`${shown(name)} is no file and claims ${storedSize} bytes`)
  const sparse = records.has('GNU.sparse.realsize')
  const entry: Entry = {
    path: canonicalPath(name, type),
    type,
    mode: octal(header, 100, 8),
    uid: whole(text('uid'), 'uid') ?? octal(header, 108, 8),
    gid: whole(text('gid'), 'gid') ?? octal(header, 116, 8),
    mtimeNs: time(text('mtime')) ?? BigInt(octal(header, 136, 12)) * 1_000_000_000n,
    size: sparse ? (whole(text('GNU.sparse.realsize'), 'GNU.sparse.realsize') ?? 0) : storedSize,
    link: text('linkpath') ?? field(header, 157, 100),
    deviceMajor: octal(header, 329, 8),
    deviceMinor: octal(header, 337, 8),
    attributes: attributesOf(records),
    segments: undefined,
  }
  if (entry.mode > 0o7777) throw hostile(`${shown(name)} has the mode ${entry.mode.toString(8)}`)
  if (!sparse) return { entry, dataBytes: storedSize }
  return sparseMember(entry, storedSize, source)
}

/** Reads the map that stands before the data. Segments ascend, lie inside the file and add up to the data. */
function sparseMember(entry: Entry, storedSize: number, source: ByteSource): Member {
  let text = ''
  let mapBytes = 0
  const line = (): number => {
    while (!text.includes('\n')) {
      if (mapBytes + blockSize > storedSize || text.length > 40)
        throw hostile(`${shown(entry.path)} has a broken map of holes`)
      text += source.take(blockSize).toString('latin1')
      mapBytes += blockSize
    }
    const end = text.indexOf('\n')
    const value = whole(text.slice(0, end), 'map of holes') ?? 0
    text = text.slice(end + 1)
    return value
  }
  const segments: [number, number][] = []
  let position = 0
  let data = 0
  const count = line()
  // One more than is written: the file's end is a segment of its own.
  if (count > mostSegments + 1) throw hostile(`${shown(entry.path)} has a map of ${count} holes`)
  for (let left = count; left > 0; left--) {
    const start = line()
    const end = start + line()
    if (start < position || end > entry.size)
      throw hostile(`${shown(entry.path)} has a map of holes that contradicts itself`)
    if (end > start) segments.push([start, end])
    position = end
    data += end - start
    if (mapBytes + data > storedSize) throw hostile(`${shown(entry.path)} has a map of holes larger than its data`)
  }
  if (mapBytes + data !== storedSize) throw hostile(`${shown(entry.path)} has a map of holes that does not add up`)
  return { entry: { ...entry, segments }, dataBytes: data }
}

function parseRecords(source: ByteSource, length: number): Map<string, Buffer> {
  if (length > largestExtension) throw hostile(`an extended header claims ${length} bytes`)
  const bytes = Uint8Array.prototype.slice.call(source.take(padded(length))) as Buffer
  const records = new Map<string, Buffer>()
  for (let at = 0; at < length; ) {
    const space = bytes.indexOf(0x20, at)
    const size = space < 0 || space - at > 8 ? Number.NaN : Number(bytes.toString('latin1', at, space))
    const end = at + size
    const equals = bytes.indexOf(0x3d, space)
    if (!Number.isInteger(size) || end > length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) {
      throw corrupt('an extended header does not add up')
    }
    const key = bytes.toString('latin1', space + 1, equals)
    if (records.has(key)) throw hostile(`an extended header has "${shown(key)}" twice`)
    records.set(key, bytes.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}

function attributesOf(records: Map<string, Buffer>): Entry['attributes'] {
  const prefix = 'SCHILY.xattr.'
  return [...records]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => ({ name: decodeKeyword(key.slice(prefix.length)), value }))
}

function decodeKeyword(keyword: string): string {
  return keyword.replaceAll('%3D', '=').replaceAll('%25', '%')
}

/** The path below the tree. Only `./`-relative names of plain segments are accepted; anything else is hostile. */
function canonicalPath(name: string, type: EntryType): string {
  const bare = type === 'directory' && name.length > 2 && name.endsWith('/') ? name.slice(0, -1) : name
  if (bare === './') return ''
  const path = bare.startsWith('./') ? bare.slice(2) : undefined
  const bad = path
    ?.split('/')
    .some((segment) => segment === '' || segment === '.' || segment === '..' || segment.length > 255)
  if (path === undefined || bad || path.includes('\0')) throw hostile(`a member is named "${shown(name)}"`)
  return path
}

function checkHeader(header: Buffer): void {
  if (header.toString('latin1', 257, 265) !== 'ustar\x0000') throw corrupt('a header is no ustar header')
  let checksum = 8 * 0x20
  for (let index = 0; index < blockSize; index++) if (index < 148 || index >= 156) checksum += header[index] ?? 0
  if (octal(header, 148, 8) !== checksum) throw corrupt('a header has a wrong checksum')
}

function octal(header: Buffer, offset: number, length: number): number {
  const text = field(header, offset, length).trim()
  if (!/^[0-7]*$/.test(text)) throw corrupt(`a header has "${shown(text)}" where a number belongs`)
  return text === '' ? 0 : Number.parseInt(text, 8)
}

function field(header: Buffer, offset: number, length: number): string {
  const end = header.indexOf(0, offset)
  return header.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end)
}

function whole(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw hostile(`${what} is "${shown(text)}"`)
  return value
}

function time(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  const [, sign, seconds = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (sign === undefined) throw hostile(`mtime is "${shown(text)}"`)
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
  return sign === '-' ? -ns : ns
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

function corrupt(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', `the archive is damaged: ${problem}`, {
    hint: 'Verify the snapshot and choose another one.',
  })
}

function hostile(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_HOSTILE', `the archive was not made by angee, or has been tampered with: ${problem}`, {
    hint: 'Do not trust this snapshot. Nothing outside the staging directory was written.',
  })
}
