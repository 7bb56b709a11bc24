import { isAngeeError } from '../errors/index.ts'
import type { Store } from '../store/index.ts'
import { lineOf, parseLine } from './line.ts'
import { catalogKey as key, parseLines } from './lines.ts'
import type { CatalogRecord } from './record.ts'

/*
 * The catalog is one value: a JSON object a line, oldest first. Listing ten thousand snapshots then costs one read
 * instead of ten thousand, and one damaged line costs one record. The truth lies in the backend: `reindex` rebuilds it.
 */
export interface CatalogListing {
  /** Oldest first. */
  records: CatalogRecord[]
  /** Line numbers that hold no record. The rest is still good. */
  damagedLines: number[]
}

/** Every record of the catalog. An absent catalog is an empty one. */
export async function readCatalog(store: Store): Promise<CatalogListing> {
  return parse((await store.get(key))?.bytes)
}

/** Adds a record, or replaces the one with its id. Other changes made at the same time are kept. */
export function putRecord(store: Store, record: CatalogRecord): Promise<void> {
  return change(store, (records) => [...records.filter(({ id }) => id !== record.id), record])
}

/** Changes records in place; `update` gets and gives all of them. */
export function updateRecords(store: Store, update: (records: CatalogRecord[]) => CatalogRecord[]): Promise<void> {
  return change(store, update)
}

async function change(store: Store, update: (records: CatalogRecord[]) => CatalogRecord[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const present = await store.get(key)
    const { records, damagedLines } = parse(present?.bytes)
    // A damaged line is carried along: only reindex, which knows the truth, may drop it.
    const damaged = damagedLines.map((line) => present?.bytes.toString().split('\n')[line - 1] ?? '')
    const next = update(records).sort((a, b) => (a.id < b.id ? -1 : 1))
    try {
      await store.put(key, format(next, damaged), present?.version)
      return
    } catch (error) {
      if (!isAngeeError(error, 'STORE_CONFLICT') || attempt === 20) throw error
    }
  }
}

/** Replaces the whole catalog, damaged lines included, by what the backend holds. */
export async function replaceCatalog(store: Store, records: CatalogRecord[]): Promise<void> {
  const present = await store.get(key)
  await store.put(
    key,
    format(
      [...records].sort((a, b) => (a.id < b.id ? -1 : 1)),
      [],
    ),
    present?.version,
  )
}

function parse(bytes: Buffer | undefined): CatalogListing {
  const { items, damagedLines } = parseLines(bytes?.toString() ?? '', parseLine)
  return { records: items, damagedLines }
}

function format(records: CatalogRecord[], damaged: string[]): Uint8Array {
  return Buffer.from([...damaged, ...records.map(lineOf)].map((line) => `${line}\n`).join(''))
}
