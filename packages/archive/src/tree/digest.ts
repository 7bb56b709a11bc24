import { createHash } from 'node:crypto'
import type { EntryCounts, TreeSummary } from '@angee/core'
import type { Entry } from '../tar/format.ts'

const letters: Record<Entry['type'], string> = {
  file: 'f',
  hardlink: 'h',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  directory: 'd',
  fifo: 'p',
}
const counted: Record<Entry['type'], keyof EntryCounts> = {
  file: 'file',
  hardlink: 'hardlink',
  symlink: 'symlink',
  'character-device': 'device',
  'block-device': 'device',
  directory: 'directory',
  fifo: 'fifo',
}
const batch = 65536

export interface TreeDigest {
  /** Entries come in canonical order. `content` is the content digest of a regular file, empty for the rest. */
  add(entry: Entry, content: string): void
  summary(): TreeSummary
}

/**
 * The digest of a tree (docs/snapshot-format.md): SHA-256 over one record an entry, fields ended by NUL:
 * type, path, mode (octal), uid, gid, mtime (nanoseconds), size, content digest, link, device, then name and hex value
 * of each extended attribute, then a newline. A hard link has its path and its target and nothing else.
 */
export function treeDigest(): TreeDigest {
  const hash = createHash('sha256')
  const entries: EntryCounts = { file: 0, directory: 0, symlink: 0, hardlink: 0, fifo: 0, device: 0 }
  let bytes = 0
  let waiting = ''
  return {
    add: (entry, content) => {
      entries[counted[entry.type]]++
      bytes += entry.size
      waiting += record(entry, content)
      if (waiting.length < batch) return
      hash.update(waiting, 'latin1')
      waiting = ''
    },
    summary: () => {
      hash.update(waiting, 'latin1')
      return { digest: `sha256:${hash.digest('hex')}`, entries, bytes }
    },
  }
}

function record(entry: Entry, content: string): string {
  const { type, path, mode, uid, gid, mtimeNs, size, link, deviceMajor, deviceMinor, attributes } = entry
  if (type === 'hardlink') return `h\0${path}\0${link}\0\n`
  const device = type === 'character-device' || type === 'block-device' ? `${deviceMajor}:${deviceMinor}` : ''
  const extended = attributes.map(({ name, value }) => `${name}\0${value.toString('hex')}\0`).join('')
  return `${letters[type]}\0${path}\0${mode.toString(8)}\0${uid}\0${gid}\0${mtimeNs}\0${size}\0${content}\0${link}\0${device}\0${extended}\n`
}
