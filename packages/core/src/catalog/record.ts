import type { PartId, SnapshotManifest } from '../contract/index.ts'

/** What the catalog keeps of a snapshot: enough to list and to choose, never enough to restore from. */
export interface CatalogRecord {
  id: string
  name?: string
  labels: Record<string, string>
  createdAt: string
  finishedAt: string
  status: SnapshotManifest['status']
  purpose: SnapshotManifest['purpose']
  stack: string
  parts: { part: PartId; rawBytes: number; storedBytes: number }[]
  warnings: number
  /** Where it lies, for display. */
  location: string
  /** A safety snapshot that must stay until the next successful snapshot. */
  pinned?: boolean
  /** A full check last found it whole then: ISO 8601, UTC. */
  verifiedAt?: string
  /** A check found it damaged then, and none has found it whole since. */
  damagedAt?: string
  /** A drill has restored it: when (ISO 8601, UTC), and the seconds that it took from begin to checked. */
  proven?: { at: string; seconds: number }
}

/** The record of a snapshot that lies at `location`. */
export function recordOf(manifest: SnapshotManifest, location: string): CatalogRecord {
  return {
    id: manifest.id,
    ...(manifest.name === undefined ? {} : { name: manifest.name }),
    labels: manifest.labels,
    createdAt: manifest.createdAt,
    finishedAt: manifest.finishedAt,
    status: manifest.status,
    purpose: manifest.purpose,
    stack: manifest.stack.name,
    parts: manifest.parts.map(({ part, raw, stored }) => ({ part, rawBytes: raw.bytes, storedBytes: stored.bytes })),
    warnings: manifest.warnings.length,
    location,
  }
}

/** The same of a snapshot that the catalog has known as `known`: what only the catalog knows of it is kept. */
export function recordAgain(
  manifest: SnapshotManifest,
  location: string,
  known: CatalogRecord | undefined,
): CatalogRecord {
  const { pinned, verifiedAt, damagedAt, proven } = known ?? {}
  return {
    ...recordOf(manifest, location),
    ...(pinned === undefined ? {} : { pinned }),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(damagedAt === undefined ? {} : { damagedAt }),
    ...(proven === undefined ? {} : { proven }),
  }
}
