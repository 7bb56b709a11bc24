import { type CatalogRecord, nextDue, type ScheduledKind, type Schedules } from '@angee/core'
import type { Submission } from '../operations/operations.ts'
import type { Schedule } from './due.ts'
import { verifiedNext } from './rotation.ts'

export type Request = {
  [Kind in ScheduledKind]: Pick<Submission<Kind>, 'kind' | 'input'>
}[ScheduledKind]

/** What is asked for when a schedule is due, or why there is nothing to do. `records` oldest first. */
export function requestFor(
  kind: ScheduledKind,
  schedule: Schedule,
  { verifyWithin }: Schedules,
  records: readonly CatalogRecord[],
  due: number,
): Request | string {
  if (kind === 'backup') return { kind, input: { purpose: 'schedule' } }
  if (kind === 'prune') return { kind, input: {} }
  if (kind === 'drill') {
    const newest = records.findLast(({ status, purpose }) => status === 'complete' && purpose !== 'safety')
    return newest === undefined ? 'there is no complete snapshot yet' : { kind, input: { snapshot: newest.id } }
  }
  const interval = (nextDue(schedule.cron, schedule.timezone, due) ?? due + verifyWithin) - due
  const snapshots = verifiedNext(records, due, verifyWithin, interval)
  return snapshots.length === 0
    ? 'every snapshot was verified not long ago'
    : { kind, input: { level: 'full', snapshots } }
}
