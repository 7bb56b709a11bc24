import { link, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import { makeParents, pathOf, syncUpTo, undefinedIfMissing } from './directories.ts'
import { getFile } from './get.ts'
import { segmentsOf } from './key.ts'
import { attempts, exists, putFile, type StoreDirectory } from './put.ts'
import { hasCode, storeError } from './store-error.ts'

/** What a file system says that has no hard links, has enough of this file, or may not link what another user owns. */
const refusals = ['EPERM', 'EACCES', 'EMLINK', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * See ObjectStore.copy: one more hard link, which fails where the name exists, in one step. No object is ever written to
 * once it has its name, so neither name can change the other. Where links are refused the bytes are put once more.
 */
export async function copyFile(
  place: StoreDirectory,
  from: string,
  to: string,
  ctx: Context,
): Promise<{ bytes: number }> {
  const source = segmentsOf(from)
  const target = segmentsOf(to)
  ctx.signal.throwIfAborted()
  try {
    return await linkFile(place.root, source, target)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw exists(target)
    if (!hasCode(error, ...refusals)) throw storeError(error, `copy ${from} to ${to}`, place.root)
  }
  return putFile(place, to, await getFile(place.root, from, undefined, ctx), { ifAbsent: true }, ctx)
}

async function linkFile(
  root: string,
  source: readonly string[],
  target: readonly string[],
): Promise<{ bytes: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const path = await pathOf(root, source)
    const found = path === undefined ? undefined : await lstat(path).catch(undefinedIfMissing)
    if (path === undefined || !found?.isFile()) throw missing(source)
    try {
      const parent = await makeParents(root, target.slice(0, -1))
      await link(path, join(parent, target.at(-1) ?? ''))
      await syncUpTo(root, parent)
      return { bytes: found.size }
    } catch (error) {
      // Either end may have vanished: the object itself, or a directory whose last other object was deleted just now.
      if (!hasCode(error, 'ENOENT') || attempt === attempts) throw error
    }
  }
}

function missing(segments: readonly string[]): AngeeError {
  const key = segments.join('/')
  return new AngeeError('OBJECT_NOT_FOUND', `there is no object ${key}`, { context: { key } })
}
