import type { CatalogRecord, PruneResult, ShrinkAlarm } from '@angee/core'
import { formatBytes } from './format.ts'
import { formatTable } from './table.ts'

/** What a prune has done or would do. */
export interface RetentionFacts {
  /** Whose days and weeks are counted. */
  timezone: string
  emptyPolicy: boolean
  removed: string[]
  forgotten: string[]
  alarms: Pick<ShrinkAlarm, 'kind' | 'message'>[]
  snapshots: RetentionRow[]
}

interface RetentionRow {
  id: string
  name?: string
  createdAt: string | null
  storedBytes: number | null
  action: 'keep' | 'remove'
  reasons: { rule: string; text: string }[]
}

export function retentionFacts({ plan, alarms, removed, forgotten }: PruneResult, timezone: string): RetentionFacts {
  return {
    timezone,
    emptyPolicy: plan.emptyPolicy,
    removed,
    forgotten,
    alarms,
    snapshots: plan.entries.map(({ id, action, reasons, record }) => ({
      id,
      ...(record?.name === undefined ? {} : { name: record.name }),
      createdAt: record?.createdAt ?? null,
      storedBytes: record ? storedBytes(record) : null,
      action,
      reasons,
    })),
  }
}

/** What a plan keeps and removes, a row each, in the time zone whose days it counts. */
export function formatRetention({ snapshots, timezone }: RetentionFacts, width: number | undefined): string {
  if (snapshots.length === 0) return 'There are no snapshots.\n'
  const table = formatTable(
    snapshots,
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'CREATED', value: ({ createdAt }) => createdIn(createdAt, timezone), optional: 2 },
      {
        title: 'SIZE',
        value: ({ storedBytes: bytes }) => (bytes === null ? '?' : formatBytes(bytes)),
        align: 'right',
        optional: 1,
      },
      { title: 'KEEP/REMOVE', value: ({ action }) => (action === 'remove' ? 'REMOVE' : 'keep') },
      { title: 'REASONS', value: ({ reasons }) => reasons.map(({ text }) => text).join('; '), shrinks: true },
    ],
    width,
  )
  return `${table}\nTimes, days and weeks are those of ${timezone}.\n`
}

/** The ids of what a plan removes, the oldest first. */
export function idsToRemove({ snapshots }: RetentionFacts): string[] {
  return snapshots.filter(({ action }) => action === 'remove').map(({ id }) => id)
}

/** What these snapshots take up, as they lie in the backend. One that shares bytes with others frees less. */
export function storedBytesOf({ snapshots }: RetentionFacts, ids: readonly string[]): number {
  const wanted = new Set(ids)
  return snapshots.reduce((sum, { id, storedBytes: bytes }) => sum + (wanted.has(id) ? (bytes ?? 0) : 0), 0)
}

function storedBytes({ parts }: CatalogRecord): number {
  return parts.reduce((sum, part) => sum + part.storedBytes, 0)
}

function createdIn(createdAt: string | null, zone: string): string {
  const moment = Date.parse(createdAt ?? '')
  // Sweden writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return Number.isNaN(moment) ? '?' : format.format(moment)
}
