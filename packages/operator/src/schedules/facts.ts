import type { CatalogRecord, Manifest, ScheduledKind } from '@angee/core'
import { nextRun, overdueSince, type Schedule, stateOf } from './due.ts'
import type { LastRun, ScheduleState, ScheduleStates } from './state.ts'

/** A schedule, what came of it and what comes next. Times in ISO 8601, UTC. */
export interface ScheduleFacts {
  kind: ScheduledKind
  cron: string
  timezone: string
  nextAt: string | null
  last: LastRun | null
  succeededAt: string | null
  /** The due time that has had no success for too long. */
  overdueSince: string | null
}

/** The schedules that a manifest declares. `root` of the stack. */
export function schedulesOf({ schedules, timezone }: Manifest, root: string): Map<ScheduledKind, Schedule> {
  const { cron, jitter } = schedules
  return new Map(
    (Object.entries(cron) as [ScheduledKind, string][]).map(([kind, expression]) => [
      kind,
      { cron: expression, timezone, jitter, seed: `${root} ${kind}` },
    ]),
  )
}

/** What there is to tell of each schedule. `isLive`: whether that operation waits or runs. */
export function scheduleFacts(
  schedules: ReadonlyMap<ScheduledKind, Schedule>,
  states: ScheduleStates,
  records: readonly CatalogRecord[],
  isLive: (operation: string) => boolean,
  now: number,
): ScheduleFacts[] {
  return [...schedules].map(([kind, schedule]) => {
    const state = stateOf(schedule, states[kind], now)
    const succeededAt = lastSuccess(kind, state, records)
    const runs = state.operation !== undefined && isLive(state.operation)
    const overdue = runs ? undefined : overdueSince(schedule, state, succeededAt, now)
    return {
      kind,
      cron: schedule.cron,
      timezone: schedule.timezone,
      nextAt: timeOf(nextRun(schedule, state, now)),
      last: state.last ?? null,
      succeededAt: timeOf(succeededAt),
      overdueSince: timeOf(overdue),
    }
  })
}

/** A snapshot or a drill that somebody has asked for is as good as one on a schedule. */
function lastSuccess(
  kind: ScheduledKind,
  { succeededAt }: ScheduleState,
  records: readonly CatalogRecord[],
): number | undefined {
  const own = succeededAt === undefined ? [] : [Date.parse(succeededAt)]
  const seen = records.flatMap(({ status, purpose, createdAt, proven }) => {
    if (kind === 'backup') return status === 'complete' && purpose !== 'safety' ? [Date.parse(createdAt)] : []
    return kind === 'drill' && proven !== undefined ? [Date.parse(proven.at)] : []
  })
  const all = [...own, ...seen].filter((moment) => !Number.isNaN(moment))
  return all.length === 0 ? undefined : all.reduce((a, b) => Math.max(a, b))
}

function timeOf(moment: number | undefined): string | null {
  return moment === undefined ? null : new Date(moment).toISOString()
}
