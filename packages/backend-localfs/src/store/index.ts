import type { ObjectStore } from '@angee/archive'
import { copyFile } from './copy.ts'
import { deleteFile } from './delete.ts'
import { getFile, headFile } from './get.ts'
import { collectIncoming } from './incoming-file.ts'
import { listFiles } from './list.ts'
import { preflightDirectory } from './preflight.ts'
import { putFile } from './put.ts'
import { storeError } from './store-error.ts'

export interface LocalfsOptions {
  /** Writes a `.gitignore` that hides everything, when the store makes the directory. */
  keepOutOfGit?: boolean
}

/**
 * Objects as files below `directory`, an absolute path: the object `a/b` is the file `a/b`. Nothing is written before
 * the first put or preflight, which make the directory where it is missing. What else lies there is left alone.
 */
export function localfsObjectStore(directory: string, { keepOutOfGit = false }: LocalfsOptions = {}): ObjectStore {
  const place = { root: directory, keepOutOfGit }
  return {
    location: directory,
    localDirectory: directory,
    remote: false,
    put: (key, body, options, ctx) => putFile(place, key, body, options, ctx),
    get: (key, range, ctx) => getFile(directory, key, range, ctx),
    head: (key, ctx) => headFile(directory, key, ctx),
    list: (prefix, ctx) => listFiles(directory, prefix, ctx),
    copy: (from, to, ctx) => copyFile(place, from, to, ctx),
    delete: (key, ctx) => deleteFile(directory, key, ctx),
    preflight: (ctx) => preflightDirectory(place, ctx),
    collectGarbage: (ctx) =>
      collectIncoming(directory, ctx).catch((error: unknown) => {
        ctx.signal.throwIfAborted()
        throw storeError(error, 'collect what interrupted writers left', directory)
      }),
    async [Symbol.asyncDispose]() {},
  }
}
