import { chmod, link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFifo, setTimes } from '@angee/core/posix'

/** What lies in a tree, by its path below the root, in any order. Missing parent directories are made. */
export type TreeSpec = Readonly<Record<string, TreeEntry>>

export type TreeEntry =
  /** A file with this content. */
  | string
  | Uint8Array
  | { type: 'file'; content?: string | Uint8Array; mode?: number; modifiedNs?: bigint }
  /** A file of `bytes` bytes that are all a hole. */
  | { type: 'hole'; bytes: number }
  | { type: 'directory'; mode?: number; modifiedNs?: bigint }
  | { type: 'symlink'; target: string; modifiedNs?: bigint }
  /** A further name of the file at `of`, another path of this spec. */
  | { type: 'hardlink'; of: string }
  | { type: 'fifo'; mode?: number }

type Described = Exclude<TreeEntry, string | Uint8Array>

/** Makes the tree in `directory`, which has to exist. Modes and times are set last, so a read-only directory can be filled. */
export async function buildTree(directory: string, spec: TreeSpec): Promise<void> {
  const entries = Object.entries(spec).map(([path, entry]) => [join(directory, path), described(entry)] as const)
  const isLink = ([, { type }]: (typeof entries)[number]) => type === 'hardlink'
  for (const [path, entry] of [...entries.filter((each) => !isLink(each)), ...entries.filter(isLink)]) {
    await mkdir(dirname(path), { recursive: true })
    await make(directory, path, entry)
  }
  const deepestFirst = entries.toSorted(([a], [b]) => b.split('/').length - a.split('/').length)
  for (const [path, entry] of deepestFirst) await finish(path, entry)
}

function described(entry: TreeEntry): Described {
  return typeof entry === 'string' || entry instanceof Uint8Array ? { type: 'file', content: entry } : entry
}

async function make(directory: string, path: string, entry: Described): Promise<void> {
  switch (entry.type) {
    case 'file':
      return writeFile(path, entry.content ?? '')
    case 'hole':
      await writeFile(path, '')
      return truncate(path, entry.bytes)
    case 'directory':
      return void (await mkdir(path, { recursive: true }))
    case 'symlink':
      return symlink(entry.target, path)
    case 'hardlink':
      return link(join(directory, entry.of), path)
    case 'fifo':
      return makeFifo(path, 0o600)
  }
}

async function finish(path: string, entry: Described): Promise<void> {
  if ('mode' in entry && entry.mode !== undefined) await chmod(path, entry.mode)
  if ('modifiedNs' in entry && entry.modifiedNs !== undefined) setTimes(path, entry.modifiedNs, entry.modifiedNs)
}
