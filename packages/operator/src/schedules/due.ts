import { createHash } from 'node:crypto'
import { lastDue, nextDue } from '@angee/core'
import type { ScheduleState } from './state.ts'

/** One schedule of a stack. */
export interface Schedule {
  cron: string
  timezone: string
  /** Milliseconds by which a run may begin later. */
  jitter: number
  /** What tells this schedule from all others: the jitter of two of them differs. */
  seed: string
}

/** A clock that was this much ahead has been set right: waiting until it is as late again would be to do nothing. */
const clockError = 26 * 3_600_000

/** What was remembered, or a new beginning where that is of another schedule, or of a clock that was wrong. */
export function stateOf(
  { cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>,
  known: ScheduleState | undefined,
  now: number,
): ScheduleState {
  const at = new Date(now).toISOString()
  const isSame = known?.cron === cron && known.timezone === timezone
  if (!isSame) return { ...withoutTimes(known), cron, timezone, since: at, handled: at }
  if (Date.parse(known.handled) > now + clockError) return { ...known, since: at, handled: at }
  return known
}

function withoutTimes(known: ScheduleState | undefined): Partial<ScheduleState> {
  const { last, succeededAt, operation } = known ?? {}
  return {
    ...(last === undefined ? {} : { last }),
    ...(succeededAt === undefined ? {} : { succeededAt }),
    ...(operation === undefined ? {} : { operation }),
  }
}

/**
 * The due time whose run begins now, in milliseconds since 1970; undefined where none does. However many were missed, it
 * is one: the last. A clock that goes back brings nothing a second time.
 */
export function dueNow(schedule: Schedule, { handled }: ScheduleState, now: number): number | undefined {
  const due = lastDue(schedule.cron, schedule.timezone, now)
  if (due === undefined || due <= Date.parse(handled)) return undefined
  return due + delayOf(schedule, due) <= now ? due : undefined
}

/** When the next run begins, in milliseconds since 1970; undefined where none will. */
export function nextRun(schedule: Schedule, { handled }: ScheduleState, now: number): number | undefined {
  const last = lastDue(schedule.cron, schedule.timezone, now)
  const waiting = last !== undefined && last > Date.parse(handled) ? last : undefined
  const due = waiting ?? nextDue(schedule.cron, schedule.timezone, Math.max(now, Date.parse(handled)))
  return due === undefined ? undefined : due + delayOf(schedule, due)
}

/**
 * By how much the run of a due time begins later: as if by chance, and each time the same for the same due time. Never by
 * more than half of the way to the next one.
 */
export function delayOf({ cron, timezone, jitter, seed }: Schedule, due: number): number {
  if (jitter === 0) return 0
  const next = nextDue(cron, timezone, due) ?? Number.POSITIVE_INFINITY
  const most = Math.min(jitter, (next - due) / 2)
  const share = createHash('sha256').update(`${seed} ${due}`).digest().readUInt32BE() / 2 ** 32
  return Math.floor(share * most)
}

/** A success is waited for this long after the latest that a run may begin. Milliseconds. */
export const patience = 3_600_000

/**
 * The due time that should have succeeded by now and has not; undefined where all is well. `succeededAt` in milliseconds
 * since 1970.
 */
export function overdueSince(
  schedule: Schedule,
  { since }: ScheduleState,
  succeededAt: number | undefined,
  now: number,
): number | undefined {
  const due = lastDue(schedule.cron, schedule.timezone, now - patience - schedule.jitter)
  if (due === undefined || due <= Date.parse(since)) return undefined
  return succeededAt !== undefined && succeededAt >= due ? undefined : due
}
