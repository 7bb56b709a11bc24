import type { Context, SnapshotManifest } from '@angee/core'
import { AngeeError, isAngeeError } from '@angee/core/errors'
import type { ObjectStore } from '../object-store/object-store.ts'
import { openSealed, readDocument } from './json.ts'
import { manifestKey } from './keys.ts'
import { refuseNewer } from './repository.ts'

/** The manifest of a committed snapshot. SNAPSHOT_NOT_FOUND, SNAPSHOT_CORRUPT, FORMAT_TOO_NEW. */
export async function readManifest(store: ObjectStore, id: string, ctx: Context): Promise<SnapshotManifest> {
  const key = manifestKey(id)
  const bytes = await readDocument(store, key, ctx).catch((error: unknown) => {
    throw isAngeeError(error, 'OBJECT_NOT_FOUND') ? notFound(store, id) : error
  })
  refuseNewerManifest(bytes.toString(), id)
  const manifest = openSealed(bytes, `the manifest of snapshot ${id}`) as unknown as SnapshotManifest
  if (manifest.id === id.toUpperCase() && Array.isArray(manifest.parts)) return manifest
  throw new AngeeError('SNAPSHOT_CORRUPT', `the manifest of snapshot ${id} belongs to snapshot ${manifest.id}`, {
    hint: 'Someone has moved files in the repository. Use another snapshot.',
  })
}

/** A newer format may seal differently, so it is recognised before anything else is believed. */
function refuseNewerManifest(text: string, id: string): void {
  const format = Number(/^\s*\{\s*"format":\s*(\d{1,9})\b/.exec(text)?.[1])
  if (Number.isInteger(format)) refuseNewer(format, `snapshot ${id}`)
}

function notFound(store: ObjectStore, id: string): AngeeError {
  return new AngeeError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${id} in ${store.location}`, {
    hint: 'List those there are: angee stack backup ls. If the catalog is wrong: angee stack backup reindex',
    context: { id },
  })
}
