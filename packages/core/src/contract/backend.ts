import type { Readable } from 'node:stream'
import type { Context, Warning } from './context.ts'
import type { PartId, SnapshotManifest, StoredPart } from './snapshot-manifest.ts'
import type { EmptyDirectory, TreeSource, TreeTools } from './tree.ts'

/*
 * Invariants of every backend, whatever stores the bytes:
 *
 * 1. Atomic visibility. A snapshot is visible to stat, list and reader from the moment commit resolves and not before.
 *    A crash at any moment leaves it wholly visible or wholly invisible.
 * 2. Read after write. What commit made visible is read back byte for byte, or the read fails. Never silently less.
 * 3. Immutability. Nothing changes a committed snapshot but delete. An id is used once, for ever.
 * 4. Independence. No call on one snapshot, and no interrupted call, harms another snapshot.
 * 5. Errors are AngeeErrors with the codes named below. A backend never reports success for something unverified.
 */

/** A place where snapshots are stored. One instance serves one repository; calls may overlap. */
export interface BackupBackend extends AsyncDisposable {
  /** The registered type, e.g. `localfs`. */
  readonly type: string
  /** For display. MUST NOT hold a credential. */
  readonly location: string
  /** Constants: they decide which cases of the contract suite run. */
  readonly capabilities: BackendCapabilities
  /** A directory on this machine that belongs to the backend and must never be captured. */
  readonly localDirectory?: string

  /**
   * Proves that the backend can be written before anything is started, at the least cost that proves it.
   * BACKEND_READ_ONLY, BACKEND_UNAVAILABLE, CREDENTIAL_WRONG, FORMAT_TOO_NEW, SPACE_INSUFFICIENT.
   */
  preflight(ctx: Context): Promise<void>
  /** Starts a snapshot. Nothing is visible until `commit`. Several may be open at once, each with its own id. */
  begin(draft: SnapshotDraft, ctx: Context): Promise<SnapshotWriter>
  /** SNAPSHOT_NOT_FOUND, SNAPSHOT_CORRUPT (the manifest is damaged), FORMAT_TOO_NEW. */
  stat(id: string, ctx: Context): Promise<SnapshotManifest>
  /**
   * Every committed snapshot exactly once, in no promised order. A repository that does not exist yet lists nothing.
   * A listing that fails MUST throw, never end early. A snapshot whose manifest cannot be read is yielded as a
   * {@link DamagedSnapshot} so that one bad one does not hide the rest.
   */
  list(ctx: Context): AsyncIterable<SnapshotManifest | DamagedSnapshot>
  /** Same errors as `stat`. */
  reader(id: string, ctx: Context): Promise<SnapshotReader>
  /** Removes a snapshot: first its visibility, then its bytes. Idempotent: an unknown id is done already. */
  delete(id: string, ctx: Context): Promise<void>
  /**
   * `quick`: every stored object is there with its length. `full`: every byte is read and every digest compared.
   * Damage is reported, not thrown; SNAPSHOT_NOT_FOUND is thrown.
   */
  check?(id: string, level: CheckLevel, ctx: Context): Promise<CheckReport>
  /** Removes what interrupted writers left. MUST NOT touch a committed snapshot nor one being written now. */
  collectGarbage?(ctx: Context): Promise<GarbageReport>
}

export interface BackendCapabilities {
  /** Stored bytes are unreadable without a key. */
  encrypts: boolean
  /** A second snapshot of the same tree costs less than the first. */
  incremental: boolean
  /** The bytes live on another machine. */
  remote: boolean
}

export type SnapshotDraft = Pick<SnapshotManifest, 'id' | 'createdAt' | 'stack'>

/** Disposing without `commit` aborts: it leaves nothing visible and MUST NOT throw. */
export interface SnapshotWriter extends AsyncDisposable {
  /** Stores a tree. May run beside other puts of other parts; each part is put once. TREE_UNREADABLE when a file cannot be read. */
  putTree(part: PartId, tree: TreeSource, ctx: Context): Promise<PutResult>
  /**
   * Stores the bytes of `open()`. MUST reject, with the stream's own error, when the stream errors or closes before
   * its end: a cut stream is never stored as a whole one. `open` is called at most once.
   */
  putStream(part: PartId, open: () => Readable, ctx: Context): Promise<PutResult>
  /**
   * Optional, archive format only: stores the frames that another backend's `getFrames` gave of a part, as they are.
   * MUST compare them with `stored`, and reject as `putStream` does.
   */
  putFrames?(stored: StoredPart, open: () => Readable, ctx: Context): Promise<PutResult>
  /**
   * The only point of visibility. The manifest MUST be written last and durably. Once it resolves the snapshot is
   * safe against a crash of this machine. Rejects with OBJECT_EXISTS when the id is already committed.
   */
  commit(manifest: SnapshotManifest, ctx: Context): Promise<void>
}

export interface PutResult {
  stored: StoredPart
  warnings: Warning[]
}

export interface SnapshotReader extends AsyncDisposable {
  readonly manifest: SnapshotManifest
  /**
   * Extracts a tree into an empty directory as a hostile archive. MUST NOT resolve unless what was written has the
   * tree digest of the manifest. SNAPSHOT_CORRUPT, ARCHIVE_HOSTILE, PART_UNKNOWN.
   */
  getTree(part: PartId, into: EmptyDirectory, ctx: Context): Promise<void>
  /** The bytes of a stream part. MUST error, never end early, when they differ from the manifest in length or digest. */
  getStream(part: PartId, ctx: Context): Promise<Readable>
  /**
   * Optional, archive format only: the compressed frames of a part, decrypted where it is encrypted. MUST error, never
   * end early, when they differ from the manifest. KEY_MISSING, KEY_WRONG.
   */
  getFrames?(part: PartId, ctx: Context): Promise<Readable>
}

export type CheckLevel = 'quick' | 'full'

export interface CheckReport {
  id: string
  level: CheckLevel
  /** Bytes read from the backend. */
  bytesRead: number
  parts: { part: PartId | 'manifest'; ok: boolean; problem?: string }[]
}

export interface DamagedSnapshot {
  damaged: true
  id: string
  problem: string
}

export interface GarbageReport {
  /** Objects removed. */
  removed: number
  bytes: number
}

/** What a backend is opened with. */
export interface BackendOpening<Options> {
  options: Options
  /** Absolute path of the stack root: relative paths in options start here. */
  stackRoot: string
  trees: TreeTools
}

/** An empty repository beside that of an opening, for checks that must not touch its snapshots. */
export interface BackendScratch<Options> {
  /** Opens it. It MUST share no object with the repository it lies beside. */
  options: Options
  /** For display. MUST NOT hold a credential. */
  location: string
  /**
   * Removes all that lies there, whatever an interrupted check left, and nothing else. Resolves when it is gone.
   * Idempotent; a place where nothing was ever written is clean already.
   */
  remove(ctx: Context): Promise<void>
}
