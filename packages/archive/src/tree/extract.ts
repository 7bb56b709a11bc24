import { Buffer } from 'node:buffer'
import {
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import type { TreeSummary, Warning } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import { makeDevice, makeFifo } from '@angee/core/posix'
import { type ByteString, enter, fromText, type Place, rootPlace, shown, toPath } from '../bytes/path.ts'
import { type ByteSource, decodeMember } from '../tar/decode.ts'
import { type Entry, padded } from '../tar/format.ts'
import { type ContentDigest, contentDigest, contentDigestOf } from './content-digest.ts'
import { treeDigest } from './digest.ts'
import { asRoot, isForeign, setMetadata, setMetadataOf, type Warn } from './metadata.ts'

/** Bytes of an archive in pieces of any size. */
export interface PieceSource extends ByteSource {
  /** At least one and at most `bytes` bytes, valid until the next call. Throws at the end. */
  some(bytes: number): Buffer
  /** Throws unless everything has been taken. */
  end(): void
  progress(entries: number): void
}

/** A directory whose members are arriving. */
interface OpenDirectory {
  entry: Entry
  place: Place
  /** Path prefix of its members, relative to the tree. */
  prefix: ByteString
  lastName: ByteString
}

export interface Extraction {
  summary: TreeSummary
  warnings: Omit<Warning, 'part'>[]
}

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * Extracts a canonical archive into an empty directory and gives the digest of what it wrote. Members must come in
 * canonical order, each directly below the directory that is open: with that, no member can land outside, write through
 * a link or replace another. Files of more than `mostBytes` together are refused, holes included. Synchronous: meant for
 * a thread of its own. With `into` undefined nothing is written.
 */
export function extractTree(source: PieceSource, into: string | undefined, mostBytes: number): Extraction {
  const digest = treeDigest()
  const open: OpenDirectory[] = []
  const warnings: Extraction['warnings'] = []
  let entries = 0
  let bytes = 0
  const warn: Warn = ({ path }, message) => {
    warnings.push({ kind: 'not-kept', path: shown(path), message: `${shown(path) || '.'}: ${message}` })
  }
  const first = decodeMember(source)
  if (first?.entry.path !== '' || first.entry.type !== 'directory')
    throw hostile('it does not begin with its own directory')
  open.push({ entry: first.entry, place: rootPlace(fromText(into ?? '/')), prefix: '', lastName: '' })
  digest.add(first.entry, '')
  let foreign = isForeign(first.entry) ? 1 : 0

  for (let member = decodeMember(source); member; member = decodeMember(source)) {
    const { entry } = member
    const directory = parentOf(entry)
    const name = entry.path.slice(directory.prefix.length)
    if (name <= directory.lastName) throw hostile(`${shown(entry.path)} is out of order or there twice`)
    directory.lastName = name
    bytes += entry.size
    if (bytes > mostBytes) throw hostile(`its files hold more than the ${mostBytes} bytes the manifest promises`)
    const absolute = directory.place.prefix + name
    const content = write(entry, absolute, member.dataBytes)
    digest.add(entry, content)
    if (isForeign(entry)) foreign++
    if (entry.type === 'directory') {
      const place = into === undefined ? directory.place : enter(directory.place, name)
      open.push({ entry, place, prefix: `${entry.path}/`, lastName: '' })
    }
    if (++entries % 1024 === 0) source.progress(entries)
  }
  source.end()
  while (open.length > 0) leave()
  if (foreign > 0 && into !== undefined) {
    const message = `${foreign} entries belong to others in the snapshot and to you now: only root can give them back`
    warnings.push({ kind: 'not-kept', message })
  }
  source.progress(entries)
  return { summary: digest.summary(), warnings }

  /** The open directory the entry belongs into; those it does not belong into are over. */
  function parentOf(entry: Entry): OpenDirectory {
    for (;;) {
      const last = open.at(-1)
      if (!last) throw hostile(`${shown(entry.path)} has no directory to go into`)
      if (entry.path.startsWith(last.prefix) && !entry.path.slice(last.prefix.length).includes('/')) return last
      if (open.length === 1) throw hostile(`${shown(entry.path)} stands before its directory`)
      leave()
    }
  }

  /** Mode and times of a directory come last: its members would change them. */
  function leave(): void {
    const last = open.pop()
    if (!last || into === undefined) return
    const { entry, place } = last
    describing(entry, () => setMetadata(entry, place.path, warn))
    place.close()
  }

  function write(entry: Entry, absolute: ByteString, dataBytes: number): string {
    if (entry.type === 'file')
      return describing(entry, () =>
        writeFile(source, entry, into === undefined ? undefined : absolute, dataBytes, warn),
      )
    if (entry.type === 'hardlink') checkLink(entry)
    if (into === undefined) return ''
    describing(entry, () => {
      if (entry.type === 'directory') mkdirSync(toPath(absolute), 0o700)
      else if (entry.type === 'hardlink') makeLink(entry, absolute)
      else makeSpecial(entry, absolute, warn)
    })
    return ''
  }

  function checkLink(entry: Entry): void {
    const target = entry.link.startsWith('./') ? entry.link.slice(2) : ''
    const bad = target.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')
    if (bad || target.includes('\0')) throw hostile(`${shown(entry.path)} is a hard link to "${shown(entry.link)}"`)
  }

  /** The target was written by this extraction: every directory on the way is a real one, and it is no directory. */
  function makeLink(entry: Entry, absolute: ByteString): void {
    const segments = entry.link.slice(2).split('/')
    const places = [rootPlace(fromText(into ?? '/'))]
    try {
      for (const segment of segments.slice(0, -1)) {
        const at = places.at(-1) as Place
        if (!lstatSync(toPath(at.prefix + segment), { throwIfNoEntry: false })?.isDirectory()) {
          throw hostile(`${shown(entry.path)} is a hard link through "${shown(segment)}", which is no directory`)
        }
        places.push(enter(at, segment))
      }
      const target = (places.at(-1) as Place).prefix + (segments.at(-1) ?? '')
      const found = lstatSync(toPath(target), { throwIfNoEntry: false })
      if (!found || found.isDirectory())
        throw hostile(`${shown(entry.path)} is a hard link to "${shown(entry.link)}", which is no earlier file`)
      linkSync(toPath(target), toPath(absolute))
    } finally {
      for (const place of places) place.close()
    }
  }
}

function makeSpecial(entry: Entry, absolute: ByteString, warn: Warn): void {
  if (entry.type === 'symlink') {
    if (entry.link === '' || entry.link.includes('\0')) throw hostile(`${shown(entry.path)} is a link to nothing`)
    symlinkSync(toPath(entry.link), toPath(absolute))
  } else if (entry.type === 'fifo') makeFifo(Buffer.from(absolute, 'latin1'), 0o600)
  else {
    if (!asRoot()) return warn(entry, 'is a device, which only root can make')
    const type = entry.type === 'block-device' ? 0o060000 : 0o020000
    const major = BigInt(entry.deviceMajor)
    const minor = BigInt(entry.deviceMinor)
    const device =
      ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn)
    makeDevice(Buffer.from(absolute, 'latin1'), type | 0o600, device)
  }
  setMetadata(entry, absolute, warn)
}

/** Reads the content of a member, and writes it when there is a place for it. Returns the digest of what it read. */
function writeFile(
  source: PieceSource,
  entry: Entry,
  absolute: ByteString | undefined,
  dataBytes: number,
  warn: Warn,
): string {
  const descriptor = absolute === undefined ? undefined : openSync(toPath(absolute), createFlags, 0o600)
  try {
    const content = copyContent(source, entry, descriptor)
    source.take(padded(dataBytes) - dataBytes)
    if (descriptor === undefined) return content
    if (entry.segments) ftruncateSync(descriptor, entry.size)
    setMetadataOf(descriptor, entry, absolute ?? '', warn)
    return content
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function copyContent(source: PieceSource, entry: Entry, descriptor: number | undefined): string {
  const segments = entry.segments ?? [[0, entry.size] as const]
  if (!entry.segments && entry.size > 0) {
    // A small file lies in one piece nearly always, and one call digests it.
    const piece = source.some(entry.size)
    if (piece.length === entry.size) {
      if (descriptor !== undefined) writeAll(descriptor, piece, 0)
      return contentDigestOf(piece)
    }
    const digest = contentDigest(entry.size)
    digest.update(piece)
    if (descriptor !== undefined) writeAll(descriptor, piece, 0)
    return copySegments(source, [[piece.length, entry.size]], piece.length, entry.size, digest, descriptor)
  }
  return copySegments(source, entry.size === 0 ? [] : segments, 0, entry.size, contentDigest(entry.size), descriptor)
}

function copySegments(
  source: PieceSource,
  segments: readonly (readonly [number, number])[],
  from: number,
  size: number,
  digest: ContentDigest,
  descriptor: number | undefined,
): string {
  let position = from
  for (const [start, end] of segments) {
    digest.hole(start - position)
    for (position = start; position < end; ) {
      const piece = source.some(end - position)
      digest.update(piece)
      if (descriptor !== undefined) writeAll(descriptor, piece, position)
      position += piece.length
    }
  }
  digest.hole(size - position)
  return digest.hex()
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, position + at)
}

/** A full disk has its own code; what the file system cannot hold is named with the entry. */
function describing<Value>(entry: Entry, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    if (error instanceof AngeeError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason = error instanceof Error ? error.message : String(error)
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new AngeeError(
      full ? 'SPACE_INSUFFICIENT' : 'RESTORE_FAILED',
      `${shown(entry.path) || '.'} cannot be written: ${reason}`,
      {
        hint: full
          ? 'Free some space and run again.'
          : 'The file system of the target must hold what the snapshot holds.',
        cause: error,
        context: { path: shown(entry.path) },
      },
    )
  }
}

function hostile(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_HOSTILE', `the archive was not made by angee, or has been tampered with: ${problem}`, {
    hint: 'Do not trust this snapshot. Nothing outside the staging directory was written.',
  })
}
