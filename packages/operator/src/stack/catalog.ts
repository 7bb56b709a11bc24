import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type CatalogListing, type CatalogRecord, readCatalog, type StackPlace, type Store } from '@angee/core'

/** Reads the catalog as often as it changes, however often it is asked for. */
export interface CatalogReader {
  /** Oldest first. */
  read(): Promise<CatalogListing>
}

export function catalogReader({ stateDirectory }: StackPlace, store: Store): CatalogReader {
  let known: { state: string; listing: Promise<CatalogListing> } | undefined
  return {
    read: async () => {
      const state = await stateOf(join(stateDirectory, 'catalog.jsonl'))
      if (known?.state !== state) known = { state, listing: readCatalog(store) }
      const { listing } = known
      listing.catch(() => {
        known = undefined
      })
      return listing
    },
  }
}

/** The catalog is replaced as a whole: another one is another file. */
async function stateOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent'
    throw error
  }
}

export interface Page {
  snapshots: CatalogRecord[]
  nextCursor: string | null
}

/** One page of records, which come oldest first. `cursor` is the id before the page. */
export function pageOf(
  records: readonly CatalogRecord[],
  { limit, cursor, order }: { limit: number; cursor?: string | undefined; order: 'newest' | 'oldest' },
  shown: (record: CatalogRecord) => boolean,
): Page {
  const snapshots: CatalogRecord[] = []
  const step = order === 'oldest' ? 1 : -1
  for (let at = startOf(records, cursor, order); at >= 0 && at < records.length; at += step) {
    const record = records[at] as CatalogRecord
    if (!shown(record)) continue
    if (snapshots.length === limit) return { snapshots, nextCursor: snapshots.at(-1)?.id ?? null }
    snapshots.push(record)
  }
  return { snapshots, nextCursor: null }
}

/** The index of the first record behind the cursor, whether or not one with that id is still there. */
function startOf(records: readonly CatalogRecord[], cursor: string | undefined, order: 'newest' | 'oldest'): number {
  if (cursor === undefined) return order === 'oldest' ? 0 : records.length - 1
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    const { id } = records[middle] as CatalogRecord
    if (order === 'oldest' ? id <= cursor : id < cursor) low = middle + 1
    else high = middle
  }
  return order === 'oldest' ? low : low - 1
}
