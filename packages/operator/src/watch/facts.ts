import type { CatalogRecord } from '@angee/core'
import type { ScheduleFacts } from '../schedules/index.ts'

/** What there is to see of a stack and its operator now. */
export interface WatchFacts {
  stack: string
  version: string
  ready: boolean
  /** Oldest first. */
  records: readonly CatalogRecord[]
  damagedLines: readonly number[]
  schedules: readonly ScheduleFacts[]
  running: number
  queued: number
  /** Messages to webhooks that wait. */
  undelivered: number
}

/** What the newest good snapshot is to somebody who watches. Sizes in bytes, `took` in seconds. */
export interface NewestFacts {
  at: number
  took: number
  rawBytes: number
  storedBytes: number
  warnings: number
}

/** The newest complete snapshot that is not known to be damaged, and no safety snapshot. */
export function newestGood(records: readonly CatalogRecord[]): NewestFacts | undefined {
  const record = records.findLast(
    ({ status, purpose, damagedAt }) => status === 'complete' && purpose !== 'safety' && damagedAt === undefined,
  )
  if (record === undefined) return undefined
  const { createdAt, finishedAt, parts, warnings } = record
  return {
    at: seconds(createdAt),
    took: seconds(finishedAt) - seconds(createdAt),
    rawBytes: parts.reduce((sum, part) => sum + part.rawBytes, 0),
    storedBytes: parts.reduce((sum, part) => sum + part.storedBytes, 0),
    warnings,
  }
}

/** How many snapshots there are of each sort. */
export function countSorts(
  records: readonly CatalogRecord[],
): Record<'complete' | 'partial' | 'safety' | 'damaged', number> {
  const count = { complete: 0, partial: 0, safety: 0, damaged: 0 }
  for (const { status, purpose, damagedAt } of records) {
    count[damagedAt !== undefined ? 'damaged' : purpose === 'safety' ? 'safety' : status] += 1
  }
  return count
}

/** When the snapshot was read back that was not for longest; one that never was counts from when it was taken. */
export function oldestVerification(records: readonly CatalogRecord[]): number | undefined {
  return extreme(
    records.map(({ verifiedAt, damagedAt, createdAt }) => seconds(verifiedAt ?? damagedAt ?? createdAt)),
    Math.min,
  )
}

/** When a drill last proved a snapshot restorable. */
export function newestProof(records: readonly CatalogRecord[]): number | undefined {
  return extreme(
    records.flatMap(({ proven }) => (proven === undefined ? [] : [seconds(proven.at)])),
    Math.max,
  )
}

function extreme(moments: readonly number[], choose: (a: number, b: number) => number): number | undefined {
  const known = moments.filter((moment) => !Number.isNaN(moment))
  return known.length === 0 ? undefined : known.reduce((a, b) => choose(a, b))
}

/** Seconds since 1970 of an ISO 8601 time. */
export function seconds(time: string): number {
  return Date.parse(time) / 1000
}
