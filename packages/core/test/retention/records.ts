import type { CatalogRecord } from '../../src/index.ts'
import { planRetention, type RetentionPolicy } from '../../src/retention/index.ts'

let made = 0

/** A record of a complete snapshot taken at that moment. Its id is unlike any other. */
export function record(createdAt: string | number, extra: Partial<CatalogRecord> = {}): CatalogRecord {
  const time = typeof createdAt === 'number' ? new Date(createdAt).toISOString() : createdAt
  return {
    id: `01${String(made++).padStart(24, '0')}`,
    labels: {},
    createdAt: time,
    finishedAt: time,
    status: 'complete',
    purpose: 'manual',
    stack: 'shop',
    parts: [{ part: 'service/db', rawBytes: 1000, storedBytes: 300 }],
    warnings: 0,
    location: '/backups',
    ...extra,
  }
}

export interface Planned {
  kept: Map<CatalogRecord, string[]>
  removed: Map<CatalogRecord, string[]>
}

/** The plan by record, with the reasons as they are told. */
export function plan(
  records: readonly CatalogRecord[],
  policy: RetentionPolicy,
  now: string | number,
  zone = 'UTC',
): Planned {
  const moment = typeof now === 'number' ? now : Date.parse(now)
  const planned: Planned = { kept: new Map(), removed: new Map() }
  for (const { record, action, reasons } of planRetention(records, policy, moment, zone).entries) {
    if (!record) throw new Error('a plan has made up a snapshot')
    const texts = reasons.map(({ text }) => text)
    planned[action === 'keep' ? 'kept' : 'removed'].set(record, texts)
  }
  return planned
}
