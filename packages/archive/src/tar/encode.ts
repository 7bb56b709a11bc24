import { Buffer } from 'node:buffer'
import { blockSize, type Entry, padded, typeFlags } from './format.ts'

const largestOctal = { id: 0o7777777, size: 0o77777777777, time: 0o77777777777 }

/** Header blocks of one member, and for a file with holes the map that precedes its data. */
export function encodeHeader(entry: Entry): Buffer {
  const name = `./${entry.path}${entry.type === 'directory' && entry.path !== '' ? '/' : ''}`
  const map = entry.segments && sparseMap(entry.segments, entry.size)
  const storedSize = entry.segments && map ? map.length + sum(entry.segments) : entry.size
  const records = paxRecords(entry, name, storedSize)
  const extension = records.length === 0 ? 0 : blockSize + padded(records.length)
  const bytes = Buffer.alloc(extension + blockSize + (map?.length ?? 0))
  if (extension > 0) {
    announcement(records.length).copy(bytes)
    bytes.write(records, blockSize, 'latin1')
  }
  writeUstar(bytes, extension, entry.segments ? './GNUSparseFile.0' : name, typeFlags[entry.type], entry, storedSize)
  map?.copy(bytes, extension + blockSize)
  return bytes
}

const announcements = new Map<number, Buffer>()
const announced = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, link: '', deviceMajor: 0, deviceMinor: 0 }

/** The header that announces extended records. Nearly every member has one, and few lengths occur: they are kept. */
function announcement(length: number): Buffer {
  const known = announcements.get(length)
  if (known) return known
  const header = Buffer.alloc(blockSize)
  writeUstar(header, 0, './PaxHeader', 'x', announced, length)
  if (length <= blockSize) announcements.set(length, header)
  return header
}

type UstarFields = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'link' | 'deviceMajor' | 'deviceMinor'>

const nothing = '\0'.repeat(blockSize)
const checksumOffset = 148

/** Writes one ustar header: as a string in one go, for there are as many as there are files. */
function writeUstar(target: Buffer, at: number, name: string, type: string, entry: UstarFields, size: number): void {
  const text =
    field(name, 100) +
    octal(entry.mode, 8) +
    octal(entry.uid > largestOctal.id ? 0 : entry.uid, 8) +
    octal(entry.gid > largestOctal.id ? 0 : entry.gid, 8) +
    octal(size > largestOctal.size ? 0 : size, 12) +
    octal(ustarTime(entry.mtimeNs), 12) +
    '        ' +
    type +
    field(entry.link, 100) +
    'ustar\x0000' +
    nothing.slice(0, 64) +
    octal(entry.deviceMajor, 8) +
    octal(entry.deviceMinor, 8)
  target.write(text, at, 'latin1')
  let checksum = 0
  for (let index = at; index < at + text.length; index++) checksum += target[index] ?? 0
  target.write(`${checksum.toString(8).padStart(6, '0')}\0 `, at + checksumOffset, 'latin1')
}

function field(text: string, length: number): string {
  return text.length >= length ? text.slice(0, length) : text + nothing.slice(0, length - text.length)
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

/** Whole seconds where ustar can hold them; the pax record has the truth. */
function ustarTime(mtimeNs: bigint): number {
  const seconds = Number(mtimeNs / 1_000_000_000n)
  return seconds < 0 || seconds > largestOctal.time ? 0 : seconds
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is exactly this range.
const ascii = /^[\x00-\x7f]*$/

/** What ustar loses, as pax records, one character a byte; empty when it loses nothing. */
function paxRecords(entry: Entry, name: string, storedSize: number): string {
  let records = ''
  const nameAscii = ascii.test(name)
  const linkAscii = ascii.test(entry.link)
  if ((!nameAscii && !isUtf8(name)) || (!linkAscii && !isUtf8(entry.link))) records += record('hdrcharset', 'BINARY')
  if (!entry.segments && (name.length > 100 || !nameAscii)) records += record('path', name)
  if (entry.link.length > 100 || !linkAscii) records += record('linkpath', entry.link)
  if (entry.uid > largestOctal.id) records += record('uid', String(entry.uid))
  if (entry.gid > largestOctal.id) records += record('gid', String(entry.gid))
  if (storedSize > largestOctal.size) records += record('size', String(storedSize))
  const time = paxTime(entry.mtimeNs)
  if (time.includes('.') || entry.mtimeNs < 0n || Number(time) > largestOctal.time) records += record('mtime', time)
  for (const attribute of entry.attributes) {
    records += record(`SCHILY.xattr.${encodeKeyword(attribute.name)}`, attribute.value.toString('latin1'))
  }
  if (!entry.segments) return records
  return (
    records +
    record('GNU.sparse.major', '1') +
    record('GNU.sparse.minor', '0') +
    record('GNU.sparse.name', name) +
    record('GNU.sparse.realsize', String(entry.size))
  )
}

/** A keyword ends at the first equals sign; one inside a name is written as GNU tar writes it. */
function encodeKeyword(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('=', '%3D')
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = key.length + value.length + 3
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

/** Seconds with a fraction where there is one; before 1970 the whole value carries the sign. */
function paxTime(ns: bigint): string {
  const absolute = ns < 0n ? -ns : ns
  const fraction = (absolute % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${ns < 0n ? '-' : ''}${absolute / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

/** GNU sparse format 1.0: number of segments, then offset and length of each, a decimal a line, padded with NUL. */
function sparseMap(segments: readonly [number, number][], size: number): Buffer {
  const ended = segments.at(-1)?.[1] === size ? segments : [...segments, [size, size] as const]
  const text = `${ended.length}\n${ended.map(([start, end]) => `${start}\n${end - start}\n`).join('')}`
  const map = Buffer.alloc(padded(text.length))
  map.write(text, 'latin1')
  return map
}

function sum(segments: readonly [number, number][]): number {
  return segments.reduce((total, [start, end]) => total + end - start, 0)
}

function isUtf8(latin1: string): boolean {
  const bytes = Buffer.from(latin1, 'latin1')
  return bytes.equals(Buffer.from(bytes.toString('utf8')))
}
