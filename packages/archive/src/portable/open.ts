import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Context, ImportFile } from '@angee/core'
import { AngeeError, isAngeeError } from '@angee/core/errors'
import { archiveBackend } from '../backend/archive-backend.ts'
import { openSealed, readDocument } from '../backend/json.ts'
import { partKey, repositoryKey, snapshotPrefix } from '../backend/keys.ts'
import { readManifest } from '../backend/manifest.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import { definitionName, digestOf, type ExportDocument, exportFormat, exportName, readmeName } from './layout.ts'
import { type MemberPlace, readMembers } from './members.ts'
import { readStore } from './read-store.ts'

/**
 * Opens an export file and looks at everything but the parts: that every header, every document and the manifest are what
 * was written, that nothing is missing and nothing more is there. USAGE when there is no such file, ARCHIVE_CORRUPT,
 * ARCHIVE_HOSTILE, SNAPSHOT_CORRUPT, FORMAT_TOO_NEW.
 */
export async function openExport(path: string, ctx: Context): Promise<ImportFile> {
  await using cleanup = new AsyncDisposableStack()
  const handle = await openFile(path)
  cleanup.defer(() => handle.close())
  try {
    const { size } = await handle.stat()
    const { members, id } = readMembers(handle.fd, size)
    const store = readStore(handle, path, members)
    const { exportedAt, tool, host } = await readDocuments(store, id, ctx)
    await refuseOtherParts(store, id, members, ctx)
    const definition = (await readDocument(store, definitionName, ctx)).toString()
    cleanup.move()
    const backend = archiveBackend('export', store)
    return {
      backend,
      id,
      definition,
      exportedAt,
      tool,
      host,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    }
  } catch (error) {
    throw ofFile(path, error)
  }
}

async function openFile(path: string): Promise<FileHandle> {
  // A FIFO is not waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    throw new AngeeError('USAGE', cause.code === 'ENOENT' ? `there is no file ${path}` : cause.message, {
      hint: 'Give the path of a file that "angee stack backup export" wrote.',
      cause,
    })
  })
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new AngeeError('USAGE', `${path} is no regular file`, {
    hint: 'It is read in several places at once: save what comes through a pipe to a file first.',
  })
}

async function readDocuments(store: ObjectStore, id: string, ctx: Context): Promise<ExportDocument> {
  const bytes = await readDocument(store, exportName, ctx)
  const format = Number(/^\{\s*"format":\s*(\d{1,9})\b/.exec(bytes.toString())?.[1])
  if (format > exportFormat) {
    throw new AngeeError('FORMAT_TOO_NEW', `it has format ${format}, and this angee knows up to ${exportFormat}`, {
      hint: 'Install a newer @angee/cli. Nothing has been changed.',
    })
  }
  const document = openSealed(bytes, exportName) as unknown as ExportDocument
  const { exportedAt, host, tool, files, snapshot } = document
  const words = [exportedAt, host, tool?.name, tool?.version]
  if (snapshot !== id || words.some((word) => typeof word !== 'string')) throw odd(`${exportName} is of another file`)
  for (const name of [readmeName, definitionName, repositoryKey]) {
    const { digest } = digestOf(await readDocument(store, name, ctx))
    if (files?.[name]?.digest !== digest) throw odd(`${name} is damaged`)
  }
  return document
}

/** What no manifest names would never be verified. What the manifest names and is not there is found with its part. */
async function refuseOtherParts(
  store: ObjectStore,
  id: string,
  members: ReadonlyMap<string, MemberPlace>,
  ctx: Context,
): Promise<void> {
  const { parts } = await readManifest(store, id, ctx)
  const known = new Set(parts.map((part) => partKey(id, part)))
  const prefix = `${snapshotPrefix(id)}parts/`
  const foreign = [...members.keys()].find((name) => name.startsWith(prefix) && !known.has(name))
  if (foreign !== undefined) throw odd(`the manifest does not know ${foreign}`)
  const lacking = [...known].find((name) => !members.has(name))
  if (lacking !== undefined) throw odd(`${lacking} is missing`)
}

function odd(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', problem)
}

function ofFile(path: string, error: unknown): unknown {
  const damage = ['ARCHIVE_CORRUPT', 'ARCHIVE_HOSTILE', 'SNAPSHOT_CORRUPT', 'PART_UNKNOWN'] as const
  const code = damage.find((one) => isAngeeError(error, one))
  if (!isAngeeError(error) || (code === undefined && error.code !== 'FORMAT_TOO_NEW')) return error
  return new AngeeError(error.code, `${path} is no export file of angee, or not a whole one: ${error.message}`, {
    hint: error.code === 'FORMAT_TOO_NEW' ? (error.hint ?? '') : 'Take another copy of the file, or export again.',
    context: { path },
    cause: error,
  })
}
