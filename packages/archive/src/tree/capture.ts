import { type BigIntStats, closeSync, type Dirent, lstatSync, readdirSync } from 'node:fs'
import type { Warning } from '@angee/core'
import { type ByteString, enterHeld, fromText, type Place, rootPlace, shown, toPath } from '../bytes/path.ts'
import { encodeHeader } from '../tar/encode.ts'
import { type Entry, padded, zeroBlocks } from '../tar/format.ts'
import { type BlockSink, write } from './block-sink.ts'
import { copyContent } from './copy-content.ts'
import { treeDigest } from './digest.ts'
import { blank, entryOf, fileEntry, specialEntry } from './entry-of.ts'
import type { Known } from './memory/compare.ts'
import type { MemoryWriter } from './memory/write.ts'
import type { TreeOutcome } from './messages.ts'
import { isUnchanged, openToRead, stateOf } from './read-file.ts'
import { unlessGone, unreadable } from './unreadable.ts'

export interface CaptureMemory {
  /** Told of every entry. What it makes of a tree that did not stand still is for its owner to drop. */
  memory?: MemoryWriter | undefined
  /** Files that need not be read. Where there is one, what goes into the sink is no archive. */
  known?: Known | undefined
}

/** Larger files are written in one pass: what has been handed on cannot be taken back. */
const largestRetried = 1 << 20
const readTries = 3

/** Reads a directory and writes its canonical tar archive into `sink`. Synchronous: meant for a thread of its own. */
export function captureTree(
  directory: string,
  exclude: readonly string[],
  sink: BlockSink,
  { memory, known }: CaptureMemory = {},
): TreeOutcome {
  const excluded = new Set(exclude.map(fromText))
  const digest = treeDigest()
  const warnings: TreeOutcome['warnings'] = []
  const firstNames = new Map<string, ByteString>()
  let entries = 0

  const warn = (kind: Warning['kind'], path: ByteString, message: string): void => {
    warnings.push({ kind, path: shown(path), message: `${shown(path) || '.'}: ${message}` })
  }
  const vanished = (path: ByteString): void =>
    warn('vanished', path, 'was gone, or had become something else, when its turn came')
  const emit = (entry: Entry, stat: BigIntStats, content: string): void => {
    digest.add(entry, content)
    memory?.add(entry.path, stat, content)
    if (++entries % 1024 === 0) sink.progress(entries)
  }
  const writeEntry = (entry: Entry, stat: BigIntStats): void => {
    write(sink, encodeHeader(entry))
    emit(entry, stat, '')
  }

  const root = rootPlace(fromText(directory))
  writeDirectory(root, '')
  captureEntries(root, '')
  write(sink, zeroBlocks)
  sink.flush()
  sink.progress(entries)
  return { summary: digest.summary(), warnings }

  function captureEntries(place: Place, prefix: ByteString): void {
    for (const item of listed(place, prefix)) {
      const path = prefix + item.name
      if (!excluded.has(path)) captureEntry(place, item, path)
    }
  }

  /** The tree itself must stay; a directory below it may go. */
  function listed(place: Place, prefix: ByteString): Dirent<string>[] {
    const path = prefix.slice(0, -1)
    if (path === '') return unreadable(path, () => listDirectory(place))
    const list = unlessGone(path, () => listDirectory(place))
    if (!list) vanished(path)
    return list ?? []
  }

  function captureEntry(place: Place, item: Dirent<string>, path: ByteString): void {
    const absolute = place.prefix + item.name
    if (item.isFile()) return captureFile(absolute, path)
    if (item.isDirectory()) return captureDirectory(place, item.name, path)
    const stat = unlessGone(path, () => lstatSync(toPath(absolute), { bigint: true }))
    if (!stat || stat.isFile() || stat.isDirectory()) return vanished(path)
    if (stat.isSocket()) return warn('not-kept', path, 'is a socket, which only its process can make')
    if (linkedBefore(stat, path)) return
    const entry = unlessGone(path, () => specialEntry(path, stat, absolute))
    if (entry) writeEntry(entry, stat)
    else vanished(path)
  }

  function captureDirectory(parent: Place, name: ByteString, path: ByteString): void {
    const place = unlessGone(path, () => enterHeld(parent, name))
    if (!place) return vanished(path)
    try {
      writeDirectory(place, path)
      captureEntries(place, `${path}/`)
    } finally {
      place.close()
    }
  }

  function writeDirectory(place: Place, path: ByteString): void {
    const stat = unreadable(path, () => lstatSync(toPath(place.path), { bigint: true }))
    writeEntry(
      unreadable(path, () => entryOf(path, 'directory', stat, place.path)),
      stat,
    )
  }

  /** Writes a hard link when another name of the same file was seen before. */
  function linkedBefore(stat: BigIntStats, path: ByteString): boolean {
    if (stat.nlink < 2n) return false
    const inode = `${stat.dev}:${stat.ino}`
    const first = firstNames.get(inode)
    if (first === undefined) {
      firstNames.set(inode, path)
      return false
    }
    const owner = { mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid) }
    const entry: Entry = { ...blank, ...owner, path, type: 'hardlink', link: `./${first}`, mtimeNs: stat.mtimeNs }
    writeEntry(entry, stat)
    return true
  }

  /** Counts a file in by what is known of its content. False where it has to be read. */
  function takenAsKnown(absolute: ByteString, path: ByteString): boolean {
    const stat = known && unlessGone(path, () => lstatSync(toPath(absolute), { bigint: true }))
    if (!stat) return false
    const content = known.contentOf(path, stat)
    if (content === undefined) return false
    if (linkedBefore(stat, path)) return true
    const entry = unlessGone(path, () => entryOf(path, 'file', stat, absolute))
    if (entry) emit({ ...entry, size: Number(stat.size) }, stat, content)
    else vanished(path)
    return true
  }

  function captureFile(absolute: ByteString, path: ByteString): void {
    if (takenAsKnown(absolute, path)) return
    const descriptor = unlessGone(path, () => openToRead(absolute))
    if (descriptor === undefined) return vanished(path)
    try {
      for (let attempt = 1; ; attempt++) {
        const before = unreadable(path, () => stateOf(descriptor))
        if (!before.stat.isFile()) return vanished(path)
        if (attempt === 1 && linkedBefore(before.stat, path)) return
        const entry = unreadable(path, () => fileEntry(path, before.stat, descriptor))
        const header = encodeHeader(entry)
        const retried = entry.size <= largestRetried && entry.segments === undefined
        if (retried && sink.room().length < header.length + padded(entry.size)) sink.flush()
        const mark = sink.mark()
        write(sink, header)
        const { content, short } = unreadable(path, () => copyContent(descriptor, entry, sink))
        if (!short && unreadable(path, () => isUnchanged(before, descriptor))) return emit(entry, before.stat, content)
        if (retried && attempt < readTries) {
          sink.rewind(mark)
          continue
        }
        const times = retried ? `, ${readTries} times` : ''
        warn('changed-while-read', path, `changed while it was read${times}; it is stored as it was found`)
        return emit(entry, before.stat, content)
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

/** Ascending by bytes: Latin-1 strings compare as the bytes they stand for. */
function listDirectory(place: Place): Dirent<string>[] {
  const list = readdirSync(toPath(place.path), { encoding: 'latin1', withFileTypes: true })
  return list.sort((a, b) => (a.name < b.name ? -1 : 1))
}
