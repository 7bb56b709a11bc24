import type { BackupBackend, Context, SnapshotManifest } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { sameContent } from './content.ts'

/**
 * The manifest of a snapshot in `to` when it lies there already, with the same content and, as far as a quick look can
 * tell, whole. OBJECT_EXISTS when another content has its id, SNAPSHOT_CORRUPT when what lies there is damaged.
 */
export async function presentIn(
  to: BackupBackend,
  manifest: SnapshotManifest,
  ctx: Context,
): Promise<SnapshotManifest | undefined> {
  const { id } = manifest
  const found = await to.stat(id, ctx).catch((error: unknown) => {
    if (!isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) throw error
  })
  if (found === undefined) return undefined
  if (!sameContent(found, manifest)) {
    throw new AngeeError('OBJECT_EXISTS', `${to.location} holds another snapshot under the id ${id}`, {
      hint: 'Nothing was changed. Find out which of the two is the right one, and remove the other.',
      context: { id, location: to.location },
    })
  }
  const report = await to.check?.(id, 'quick', ctx)
  const damaged = report?.parts.find(({ ok }) => !ok)
  if (damaged === undefined) return found
  throw new AngeeError(
    'SNAPSHOT_CORRUPT',
    `${to.location} holds ${id} already, damaged: ${damaged.part}: ${damaged.problem}`,
    {
      hint: `Remove snapshots/${id} there and run again.`,
      context: { id, location: to.location },
    },
  )
}
