import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { Context } from '@angee/core'
import { AngeeError, isAngeeError } from '@angee/core/errors'
import type { ObjectStore } from '../object-store/object-store.ts'
import { readDocument } from './json.ts'
import { repositoryKey } from './keys.ts'

/** The newest repository layout this version writes and reads. */
export const repositoryFormat = 1

/** Makes the repository when there is none; two that do so at once end up with one. FORMAT_TOO_NEW. */
export async function ensureRepository(store: ObjectStore, ctx: Context): Promise<void> {
  if (await checkRepository(store, ctx)) return
  try {
    await store.put(repositoryKey, newRepository(), { ifAbsent: true }, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'OBJECT_EXISTS')) throw error
    await checkRepository(store, ctx)
  }
}

/** What stands in the file that makes a place a repository. */
export function newRepository(): Buffer {
  return Buffer.from(`${JSON.stringify({ format: repositoryFormat, repositoryId: randomUUID() })}\n`)
}

/** Whether there is a repository. FORMAT_TOO_NEW names both versions; SNAPSHOT_CORRUPT when its file is no such file. */
export async function checkRepository(store: ObjectStore, ctx: Context): Promise<boolean> {
  if ((await store.head(repositoryKey, ctx)) === undefined) return false
  const text = (await readDocument(store, repositoryKey, ctx)).toString()
  const format = formatOf(text)
  if (format === undefined) {
    throw new AngeeError('SNAPSHOT_CORRUPT', `${store.location}/${repositoryKey} is damaged`, {
      hint: `Its snapshots may be whole all the same. Put {"format": 1, "repositoryId": "…"} there and verify them.`,
    })
  }
  refuseNewer(format, `the repository ${store.location}`)
  return true
}

/** FORMAT_TOO_NEW when `format` is newer than this version knows. */
export function refuseNewer(format: number, what: string): void {
  if (format <= repositoryFormat) return
  throw new AngeeError(
    'FORMAT_TOO_NEW',
    `${what} has format ${format}, and this angee knows up to ${repositoryFormat}`,
    {
      hint: 'Install a newer @angee/cli. Nothing has been changed.',
      context: { format, known: repositoryFormat },
    },
  )
}

function formatOf(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown }
    return Number.isInteger(format) ? (format as number) : undefined
  } catch {
    return undefined
  }
}
