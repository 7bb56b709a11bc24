import { Buffer } from 'node:buffer'
import { type BigIntStats, lstatSync } from 'node:fs'
import { type ByteString, fromText, toPath } from '../../bytes/path.ts'
import { digestBytes } from './format.ts'
import { openMemory, type RememberedEntry } from './read.ts'
import { stateOf } from './state.ts'

/**
 * Whether every entry is as it was remembered, and the memory is that of a tree with this digest. Opens nothing and
 * stops at the first difference. That nothing was added shows in the times of the directories.
 */
export function isAsRemembered(
  file: string,
  directory: string,
  exclude: readonly string[],
  treeDigest: string,
): boolean {
  using memory = openMemory(file, directory, exclude)
  if (memory?.treeDigest !== treeDigest) return false
  const root = fromText(directory)
  try {
    for (const { path, state } of memory.entries()) {
      const stat = lstatSync(toPath(path === '' ? root : `${root}/${path}`), { bigint: true })
      if (!stateOf(stat, true).equals(state)) return false
    }
    return true
  } catch {
    return false
  }
}

/** What is known of files without opening them. Asked in canonical order. */
export interface Known extends Disposable {
  /** The content digest of a regular file that is for certain as it was remembered; undefined where it has to be read. */
  contentOf(path: ByteString, stat: BigIntStats): string | undefined
}

const none = Buffer.alloc(digestBytes)

/** Nothing is known where there is no whole memory. */
export function openKnown(file: string | undefined, directory: string, exclude: readonly string[]): Known | undefined {
  const memory = file === undefined ? undefined : openMemory(file, directory, exclude)
  if (!memory) return undefined
  const entries = memory.entries()
  let entry = nextOf(entries)
  return {
    contentOf: (path, stat) => {
      while (entry && isBefore(entry.path, path)) entry = nextOf(entries)
      if (entry?.path !== path || !stateOf(stat, true).equals(entry.state)) return undefined
      // What is no regular file has none, nor has a second name of one; it may be the first name by now.
      return entry.content.equals(none) ? undefined : entry.content.toString('hex')
    },
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  }
}

function nextOf(entries: Generator<RememberedEntry>): RememberedEntry | undefined {
  try {
    return entries.next().value ?? undefined
  } catch {
    return undefined
  }
}

/** Canonical order: within a directory by the bytes of the names, and what it holds right behind it. */
function isBefore(a: ByteString, b: ByteString): boolean {
  return a !== b && a.replaceAll('/', '\0') < b.replaceAll('/', '\0')
}
