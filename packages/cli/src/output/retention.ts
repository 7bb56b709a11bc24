import type { CatalogRecord, PruneResult, RetentionEntry, RetentionPlan } from '@angee/core'
import { formatBytes } from './format.ts'
import { formatTable } from './table.ts'

/** What a plan keeps and removes, a row each, in the time zone whose days it counts. */
export function formatRetention({ entries }: RetentionPlan, zone: string, width: number | undefined): string {
  if (entries.length === 0) return 'There are no snapshots.\n'
  const table = formatTable(
    entries,
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'CREATED', value: ({ record }) => createdIn(record, zone), optional: 2 },
      {
        title: 'SIZE',
        value: ({ record }) => (record ? formatBytes(storedBytes(record)) : '?'),
        align: 'right',
        optional: 1,
      },
      { title: 'KEEP/REMOVE', value: ({ action }) => (action === 'remove' ? 'REMOVE' : 'keep') },
      { title: 'REASONS', value: reasonsOf, shrinks: true },
    ],
    width,
  )
  return `${table}\nTimes, days and weeks are those of ${zone}.\n`
}

/** The same for programs. */
export function retentionDocument({ plan, alarms, removed, forgotten }: PruneResult, zone: string): object {
  return {
    timezone: zone,
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

/** The ids of what a plan removes, the oldest first. */
export function idsToRemove({ entries }: RetentionPlan): string[] {
  return entries.filter(({ action }) => action === 'remove').map(({ id }) => id)
}

/** What these snapshots take up, as they lie in the backend. One that shares bytes with others frees less. */
export function storedBytesOf({ entries }: RetentionPlan, ids: readonly string[]): number {
  const wanted = new Set(ids)
  return entries.reduce((sum, { id, record }) => sum + (record && wanted.has(id) ? storedBytes(record) : 0), 0)
}

function storedBytes({ parts }: CatalogRecord): number {
  return parts.reduce((sum, part) => sum + part.storedBytes, 0)
}

function createdIn(record: CatalogRecord | undefined, zone: string): string {
  const moment = Date.parse(record?.createdAt ?? '')
  // Sweden writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return Number.isNaN(moment) ? '?' : format.format(moment)
}

function reasonsOf({ reasons }: RetentionEntry): string {
  return reasons.map(({ text }) => text).join('; ')
}
