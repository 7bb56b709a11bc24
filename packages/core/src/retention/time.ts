import { Temporal } from 'temporal-polyfill'
import type { Period } from './policy.ts'

/** The period of each length that a moment lies in, as text that is the same for all of its moments and no others. */
export type Periods = Record<Period, string>

/** Milliseconds since 1970 of an ISO 8601 time with its offset; undefined for anything else. */
export function momentOf(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds
  } catch {
    return undefined
  }
}

/** The periods of a moment in a time zone. The hour that comes twice when clocks go back is two, told by its offset. */
export function periodsOf(moment: number, zone: string): Periods {
  const local = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone)
  const day = local.toPlainDate().toString()
  return {
    hourly: `${day} ${two(local.hour)}:00${local.offset}`,
    daily: day,
    weekly: `${local.yearOfWeek}-W${two(local.weekOfYear ?? 0)}`,
    monthly: day.slice(0, -3),
    yearly: day.slice(0, -6),
  }
}

const units = { y: 'years', m: 'months', w: 'weeks', d: 'days', h: 'hours' } as const

/** The moment that lies a duration such as `1y6m` or `30d` before `now`, by the calendar of the time zone. */
export function before(now: number, duration: string, zone: string): number {
  const amounts = [...duration.matchAll(/(\d+)([ymwdh])/g)].map(([, amount, unit]) => [
    units[unit as keyof typeof units],
    Number(amount),
  ])
  return Temporal.Instant.fromEpochMilliseconds(now)
    .toZonedDateTimeISO(zone)
    .subtract(Object.fromEntries(amounts) as Temporal.DurationLike).epochMilliseconds
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
