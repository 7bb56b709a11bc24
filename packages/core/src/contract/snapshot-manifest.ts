import type { Warning } from './context.ts'

/** The newest snapshot format this version writes and reads. */
export const snapshotFormat = 1

/** `persist/<name>` (a tree), `service/<name>` (a stream) or `secrets/file` (a stream: the secrets file, on request). */
export type PartId = `persist/${string}` | `service/${string}` | `secrets/${string}`

/** A length in bytes and `sha256:<64 lower-case hex digits>` over exactly these bytes. */
export interface Digested {
  bytes: number
  digest: string
}

/** How many entries of each type a tree holds. `hardlink` counts the second and later names of a file. */
export interface EntryCounts {
  file: number
  directory: number
  symlink: number
  hardlink: number
  fifo: number
  device: number
}

/** What identifies a tree whatever stores it. docs/snapshot-format.md gives the digest's exact input. */
export interface TreeSummary {
  digest: string
  entries: EntryCounts
  /** Sum of the sizes of all regular files, holes included. */
  bytes: number
}

export interface StoredPart {
  part: PartId
  kind: 'tree' | 'stream'
  /** Before compression: the tar archive of a tree, the bytes of a stream. */
  raw: Digested
  /** As it lies in the backend. Backends that deduplicate give what they count, with the raw digest. */
  stored: Digested
  /** Trees only. */
  tree?: TreeSummary
  /** How it is encrypted. `stored` is then the encrypted bytes. Absent where the part lies open. */
  encryption?: PartEncryption
  /** Where the bytes lie, in the backend's own terms. Only the backend that wrote it reads it. */
  locator?: string
}

/** A part encrypted for age recipients (age-encryption.org/v1). */
export interface PartEncryption {
  method: 'age'
  /** Public: who can read it. */
  recipients: readonly string[]
  /** The compressed bytes that were encrypted. */
  compressed: Digested
}

/** A sub-path of a part that was left out, and why. Relative to the directory of the part. */
export interface Exclusion {
  part: PartId
  path: string
  reason: 'secrets' | 'run' | 'backend' | 'covered' | 'nested' | 'staging'
}

export interface SnapshotManifest {
  format: number
  /** ULID, upper case. */
  id: string
  name?: string
  labels: Record<string, string>
  /** ISO 8601, UTC, milliseconds. */
  createdAt: string
  finishedAt: string
  status: 'complete' | 'partial'
  /** What the snapshot was taken for: `manual`, `safety` (before a restore) or `schedule`. */
  purpose: 'manual' | 'safety' | 'schedule'
  stack: { name: string; root: string; host: string }
  tool: { name: string; version: string }
  parts: StoredPart[]
  /** Parts of the scope that are missing here, with the reason. Empty unless `partial`. */
  missing: { part: PartId; message: string }[]
  excluded: Exclusion[]
  /** It holds the stack's secrets: it may lie only where stored bytes are encrypted. */
  includesSecrets?: true
  warnings: Warning[]
}
