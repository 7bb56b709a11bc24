import type { CatalogRecord } from '../catalog/index.ts'
import type { PartId } from '../contract/index.ts'
import type { Store } from '../store/index.ts'

/** The store's key of the sizes that a prune has seen. */
const key = 'retention.json'
/** So many snapshots make a median: it follows what grows, and one odd night does not move it. */
const remembered = 7

/** What the parts of complete snapshots weighed, as far as a prune has looked and found it sound. */
export interface KnownSizes {
  /** The newest snapshot among them, by its time. Older ones are not looked at again. */
  upTo: string
  /** Bytes before compression of the last few, oldest first. */
  parts: Partial<Record<PartId, number[]>>
}

export interface ShrunkenPart {
  part: PartId
  id: string
  bytes: number
  median: number
}

/**
 * Compares each part of the newest of these snapshots (all complete, oldest first) with the median of earlier ones. One
 * that has lost more than the share `maxShrink` is told of, and so is one that is gone. A snapshot in which a part has
 * shrunk never counts among the earlier ones of that part: a dump that stays broken would otherwise become the measure.
 */
export function compareSizes(
  complete: readonly CatalogRecord[],
  known: KnownSizes | undefined,
  maxShrink: number,
): { shrunken: ShrunkenPart[]; sizes: KnownSizes | undefined } {
  const parts: KnownSizes['parts'] = { ...known?.parts }
  let shrunken: ShrunkenPart[] = []
  const unseen = complete.filter(({ createdAt }) => known === undefined || createdAt > known.upTo)
  for (const record of unseen) {
    shrunken = []
    for (const [part, bytes] of partsOf(record, parts)) {
      const earlier = parts[part] ?? []
      const median = medianOf(earlier)
      if (bytes < (1 - maxShrink) * median) shrunken.push({ part, id: record.id, bytes, median })
      else parts[part] = [...earlier, bytes].slice(-remembered)
    }
  }
  const upTo = unseen.at(-1)?.createdAt ?? known?.upTo
  return { shrunken, sizes: upTo === undefined ? undefined : { upTo, parts } }
}

/** The sizes to compare with from now on, once somebody has accepted those of the newest snapshot. */
export function acceptSizes(newest: CatalogRecord): KnownSizes {
  return {
    upTo: newest.createdAt,
    parts: Object.fromEntries(newest.parts.map(({ part, rawBytes }) => [part, [rawBytes]])),
  }
}

/** The size of every part that is or was there. */
function partsOf(record: CatalogRecord, known: KnownSizes['parts']): Map<PartId, number> {
  const gone = (Object.keys(known) as PartId[]).map((part) => [part, 0] as const)
  return new Map([...gone, ...record.parts.map(({ part, rawBytes }) => [part, rawBytes] as const)])
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? 0
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.floor(sorted.length / 2))) / 2
}

/** Undefined when no prune has written them, or they cannot be read: every snapshot is then looked at anew. */
export async function readSizes(store: Store): Promise<KnownSizes | undefined> {
  const value = await store.get(key)
  try {
    const sizes = value && (JSON.parse(value.bytes.toString()) as KnownSizes)
    return typeof sizes?.upTo === 'string' && typeof sizes.parts === 'object' ? sizes : undefined
  } catch {
    return undefined
  }
}

export async function writeSizes(store: Store, sizes: KnownSizes): Promise<void> {
  await store.put(key, Buffer.from(JSON.stringify(sizes)), (await store.get(key))?.version)
}
