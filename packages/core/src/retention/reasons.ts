import type { CatalogRecord } from '../catalog/index.ts'
import type { Period } from './policy.ts'
import type { Periods } from './time.ts'

/** Why a snapshot stays or goes. `rule` is a stable word for machines, `text` says it to a person. */
export interface RetentionReason {
  rule: KeepReason | RemoveReason
  text: string
}

type KeepReason =
  | 'last'
  | Period
  | 'within'
  | 'name'
  | 'labels'
  | 'newest-complete'
  | 'newest-verified'
  | 'newest-proven'
  | 'pinned'
  | 'safety'
  | 'partial'
  | 'future'
  | 'undated'
  | 'damaged'
  | 'other-stack'
  | 'not-selected'
  | 'empty-policy'

type RemoveReason = 'not-kept' | 'partial-superseded' | 'damaged-superseded' | 'safety-expired'

/** What becomes of one snapshot. */
export interface RetentionEntry {
  id: string
  action: 'keep' | 'remove'
  /** At least one. */
  reasons: RetentionReason[]
  /** Absent where its manifest cannot be read. */
  record?: CatalogRecord
}

export interface RetentionPlan {
  /** Oldest first; what has no readable date comes before all others. */
  entries: RetentionEntry[]
  /** The policy has no rule, so everything stays. */
  emptyPolicy: boolean
}

/** A snapshot with the moment it was taken at, in milliseconds, and the periods it lies in. */
export interface Dated {
  record: CatalogRecord
  at: number
  periods: Periods
}

/** What one rule says of one snapshot. */
export interface Verdict {
  id: string
  reason: RetentionReason
}

/** A rule keeps a partial or a damaged snapshot, for want of a better one. */
export function keptForWant({ record }: Dated, text: string): Verdict {
  return record.damagedAt === undefined
    ? kept({ record }, 'partial', `partial, ${text}`)
    : kept({ record }, 'damaged', `damaged, ${text}`)
}

/** A rule keeps a snapshot. */
export function kept({ record }: Pick<Dated, 'record'>, rule: KeepReason, text: string): Verdict {
  return { id: record.id, reason: { rule, text } }
}
