import { type CatalogRecord, type Context, resolveSnapshot, type Stack } from '@angee/core'
import type { Daemon } from '../daemon.ts'

/** A snapshot that a request means. `record` is undefined where the catalog does not know it. */
export interface Meant {
  id: string
  name?: string
  labels?: Record<string, string>
  record: CatalogRecord | undefined
}

/** The snapshot that a reference means, with what is known of it. SNAPSHOT_NOT_FOUND, ID_AMBIGUOUS. */
export async function meant(daemon: Daemon, stack: Stack, reference: string, ctx: Context): Promise<Meant> {
  const id = await resolveSnapshot(stack, reference, ctx)
  const record = (await daemon.catalog.read()).records.find((one) => one.id === id)
  // A whole id may be a slip of the hand.
  const { name, labels } = record ?? (await stack.backend.stat(id, ctx))
  return { id, ...(name === undefined ? {} : { name }), labels, record }
}
