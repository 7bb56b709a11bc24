import { z } from 'zod'
import { bytes, nextCursor, timestamp } from './common.ts'
import { failure } from './problem.ts'

const status = z.enum(['complete', 'partial'])
const purpose = z.enum(['manual', 'safety', 'schedule'])
const digested = z.object({ bytes, digest: z.string() })

export const warning = z
  .object({ part: z.string(), kind: z.string(), message: z.string(), path: z.string().optional() })
  .meta({ id: 'Warning' })

const proven = z
  .object({ at: timestamp, seconds: z.number() })
  .meta({ description: 'A drill has restored it: when, and how long that took' })

const storedPart = z
  .object({
    part: z.string(),
    kind: z.enum(['tree', 'stream']),
    raw: digested,
    stored: digested,
    tree: z.object({ digest: z.string(), entries: z.record(z.string(), z.number()), bytes }).optional(),
    encryption: z
      .object({ method: z.literal('age'), recipients: z.array(z.string()), compressed: digested })
      .optional(),
    locator: z.string().optional(),
  })
  .meta({ id: 'StoredPart' })

/** The snapshot manifest of docs/snapshot-format.md, in snake_case. */
export const snapshotManifest = z
  .object({
    format: z.number(),
    id: z.string(),
    name: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    created_at: timestamp,
    finished_at: timestamp,
    status,
    purpose,
    stack: z.object({ name: z.string(), root: z.string(), host: z.string() }),
    tool: z.object({ name: z.string(), version: z.string() }),
    parts: z.array(storedPart),
    missing: z.array(z.object({ part: z.string(), message: z.string() })),
    excluded: z.array(z.object({ part: z.string(), path: z.string(), reason: z.string() })),
    includes_secrets: z.literal(true).optional(),
    warnings: z.array(warning),
  })
  .meta({ id: 'SnapshotManifest' })

/** A line of the list. */
export const snapshotRecord = z
  .object({
    id: z.string(),
    name: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    created_at: timestamp,
    finished_at: timestamp,
    status,
    purpose,
    stack: z.string(),
    parts: z.array(z.object({ part: z.string(), raw_bytes: bytes, stored_bytes: bytes })),
    warnings: z.number().int().meta({ description: 'How many' }),
    location: z.string(),
    pinned: z.boolean().optional(),
    verified_at: timestamp.optional(),
    damaged_at: timestamp
      .optional()
      .meta({ description: 'A check found it damaged then, and none has found it whole since' }),
    proven: proven.optional(),
  })
  .meta({ id: 'Snapshot' })

export const snapshotPage = z
  .object({
    snapshots: z.array(snapshotRecord),
    next_cursor: nextCursor,
    damaged_lines: z.array(z.number().int()).meta({ description: 'Lines of the catalog that cannot be read; reindex' }),
  })
  .meta({ id: 'SnapshotPage' })

/** A snapshot in full, with what only the catalog knows. */
export const snapshotDetails = z
  .object({
    snapshot: snapshotManifest,
    location: z.string(),
    pinned: z.boolean(),
    verified_at: timestamp.optional(),
    damaged_at: timestamp
      .optional()
      .meta({ description: 'A check found it damaged then, and none has found it whole since' }),
    proven: proven.optional(),
  })
  .meta({ id: 'SnapshotDetails' })

/** What a backup would capture. */
export const scopeSummary = z
  .object({
    stack: z.object({ name: z.string(), root: z.string() }),
    location: z.string(),
    parts: z.array(
      z.object({
        part: z.string(),
        kind: z.enum(['tree', 'stream', 'file']),
        directory: z.string().optional(),
        file: z.string().optional(),
        service: z.string().optional(),
        covers: z.array(z.string()).optional(),
        quiesce: z.enum(['none', 'pause', 'stop']).optional(),
      }),
    ),
    excluded: z.array(z.object({ part: z.string(), path: z.string(), reason: z.string() })),
    unwanted: z.array(z.string()),
  })
  .meta({ id: 'SnapshotPlan' })

/** What a finished backup answers. */
export const backupResult = z.object({
  snapshot: snapshotManifest,
  failures: z.array(z.object({ part: z.string(), error: failure })),
  unchanged: z.array(z.object({ part: z.string(), since: z.string() })),
})

/** What a finished verification answers. */
export const verifyResult = z.object({
  level: z.enum(['quick', 'full']),
  ok: z.boolean(),
  snapshots: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      bytes_read: bytes,
      parts: z.array(z.object({ part: z.string(), ok: z.boolean(), problem: z.string().optional() })),
      problem: z.string().optional(),
    }),
  ),
})

export const copyResult = z.object({
  outcome: z.enum(['copied', 'present']),
  from: z.string(),
  to: z.object({ name: z.string(), location: z.string() }),
  snapshot: snapshotManifest,
})

export const drillResult = z.object({
  snapshot: snapshotManifest,
  parts: z.array(z.object({ part: z.string(), proof: z.enum(['same digest', 'loaded', 'checked']) })),
  seconds: z.number(),
  at: timestamp,
})

export const reindexResult = z.object({
  location: z.string(),
  found: z.number().int(),
  added: z.array(z.string()),
  dropped: z.array(z.string()),
  damaged: z.array(z.object({ id: z.string(), problem: z.string() })),
})

export const removeResult = z.object({ removed: z.string() })
