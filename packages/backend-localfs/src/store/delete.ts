import { unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Context } from '@angee/core'
import { pathOf, removeEmptyParents, syncDirectory } from './directories.ts'
import { segmentsOf } from './key.ts'
import { hasCode, isMissing, storeError } from './store-error.ts'

/** See ObjectStore.delete. The directories it leaves empty go too. */
export async function deleteFile(root: string, key: string, ctx: Context): Promise<void> {
  const segments = segmentsOf(key)
  ctx.signal.throwIfAborted()
  try {
    const path = await pathOf(root, segments)
    if (path === undefined || !(await unlinked(path))) return
    await syncDirectory(dirname(path))
    await removeEmptyParents(root, path)
  } catch (error) {
    throw storeError(error, `delete ${key}`, root)
  }
}

/** False where there is no object: nothing, or a directory. Linux says EISDIR of one, POSIX and macOS EPERM. */
async function unlinked(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (isMissing(error) || hasCode(error, 'EISDIR')) return false
    throw error
  }
}
