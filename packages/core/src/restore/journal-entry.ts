import type { PartId, RuntimeKind } from '../contract/index.ts'
import type { FileFacts } from '../files/index.ts'

/** A path as one Latin-1 character a byte, so that names that are not UTF-8 survive JSON. */
export type BytePath = string

/**
 * One rename of the swap. Exactly one of the two places exists at any moment, and the place inside staging is used by
 * no other move of the same phase: whether a move is done can always be seen from the file system.
 */
export interface Move {
  from: BytePath
  to: BytePath
}

export interface Attributes extends Omit<FileFacts, 'kind' | 'device' | 'accessNs' | 'modificationNs'> {
  path: BytePath
  accessNs: string
  modificationNs: string
}

/** Everything the swap of trees will do, decided before it begins. */
export interface Swap {
  /** Live to staging, in order. */
  out: Move[]
  /** Staging to live, in order. */
  in: Move[]
  /** How directories whose entries are moved look before, and shall look after. */
  before: Attributes[]
  after: Attributes[]
  /** Parents of targets that have to be made, outermost first. */
  parents: BytePath[]
}

export interface ServiceRef {
  service: string
  kind: RuntimeKind
}

/**
 * What a restore has begun. Before `out` nothing live has been touched; from `cleaning` on there is only forward;
 * between them an interrupted restore is undone.
 */
export type RestorePhase = 'staging' | 'safety' | 'stopping' | 'out' | 'in' | 'loading' | 'starting' | 'cleaning'

export interface RestoreJournal {
  type: 'restore'
  startedAt: string
  snapshot: string
  phase: RestorePhase
  /** Set as soon as undoing has begun: it is then never turned around. */
  undoing: boolean
  /** Services as they were found. */
  running: ServiceRef[]
  paused: ServiceRef[]
  /** Services this restore has started although they did not run. */
  started: ServiceRef[]
  /** The snapshot of the target taken first; null when there was nothing to save, or on request. */
  safety: string | null
  /** Parts that held nothing before this restore. */
  emptyBefore: PartId[]
  swap: Swap | null
  /** Services whose restore hook has been started. */
  loading: PartId[]
  /** Directories to be removed at the end. */
  staging: string[]
  /** Live directories that hold some of those, as they looked before. */
  around: Attributes[]
  /** Why undoing failed. The stack is neither old nor new, and every command but restore refuses. */
  stuck?: string
}
