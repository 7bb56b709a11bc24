import { type Context, isAngeeError } from '@angee/core'
import type { Restic } from '../program/restic.ts'
import { listOrNothing } from '../snapshots/manifest.ts'
import { requireId } from '../snapshots/tags.ts'
import { forget } from './forget.ts'

/** Removes a snapshot: its manifest first, then its parts. True when there was anything; its bytes stay until a prune. */
export async function deleteSnapshot(restic: Restic, id: string, ctx: Context): Promise<boolean> {
  ctx.signal.throwIfAborted()
  const known = idOrNothing(id)
  if (known === undefined) return false
  const { stored } = await listOrNothing(restic, known, ctx)
  const manifests = stored.filter(({ part }) => part === undefined)
  const parts = stored.filter(({ part }) => part !== undefined)
  for (const some of [manifests, parts])
    await forget(
      restic,
      some.map(({ resticId }) => resticId),
      'waiting',
      ctx,
    )
  return stored.length > 0
}

function idOrNothing(id: string): string | undefined {
  try {
    return requireId(id)
  } catch (error) {
    if (isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) return undefined
    throw error
  }
}
