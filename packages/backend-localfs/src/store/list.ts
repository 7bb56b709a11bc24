import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '@angee/core'
import { existingDirectory, undefinedIfMissing } from './directories.ts'
import { gitIgnoreName, isSegment } from './key.ts'
import { hasCode, storeError } from './store-error.ts'

export interface ListedObject {
  key: string
  bytes: number
}

/** See ObjectStore.list. One directory at a time is held in memory. */
export async function* listFiles(root: string, prefix: string, ctx: Context): AsyncIterable<ListedObject> {
  ctx.signal.throwIfAborted()
  const nameStart = prefix.lastIndexOf('/') + 1
  const segments = prefix.slice(0, nameStart).split('/').slice(0, -1)
  if (!segments.every(isSegment)) return
  try {
    const directory = await existingDirectory(root, segments)
    if (directory) yield* walk(directory, prefix.slice(0, nameStart), prefix.slice(nameStart), directory === root, ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw storeError(error, `list ${prefix === '' ? 'the objects' : prefix}`, root, true)
  }
}

/** The objects below `directory` whose names there begin with `beginning`; `base` is the directory's part of the key. */
async function* walk(
  directory: string,
  base: string,
  beginning: string,
  isRoot: boolean,
  ctx: Context,
): AsyncIterable<ListedObject> {
  for (const name of await sortedNames(directory, isRoot)) {
    ctx.signal.throwIfAborted()
    if (!name.startsWith(beginning)) continue
    if (name.endsWith('/')) {
      yield* walk(join(directory, name), base + name, '', false, ctx)
      continue
    }
    const found = await lstat(join(directory, name)).catch(undefinedIfMissing)
    if (found?.isFile()) yield { key: base + name, bytes: found.size }
  }
  ctx.signal.throwIfAborted()
}

/**
 * Names that can belong to keys, directories with a slash behind: so their order is that of the whole keys. Symbolic
 * links and whatever else lies there are foreign. A directory that vanished meanwhile holds nothing.
 */
async function sortedNames(directory: string, isRoot: boolean): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || (hasCode(error, 'ENOTDIR') && !isRoot)) return []
    throw error
  })
  return entries
    .filter((entry) => isSegment(entry.name) && !(isRoot && entry.name === gitIgnoreName))
    .flatMap((entry) => (entry.isDirectory() ? [`${entry.name}/`] : entry.isFile() ? [entry.name] : []))
    .sort()
}
