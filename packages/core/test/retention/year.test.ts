import { fakeClock } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import type { CatalogRecord } from '../../src/index.ts'
import { planRetention } from '../../src/retention/index.ts'
import { record } from './records.ts'

const hour = 3_600_000
/** Snapshots from one prune to the next, where they are taken hourly. */
const pruneEvery = 6
const policy = { keepLast: 3, keepHourly: 25, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 }

/** What a wall clock and a calendar there show, asked of Intl and not of what the plan reckons with. */
function calendarOf(zone: string) {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })
  const dateOf = (moment: number): string => format.format(moment)
  const mondayOf = (moment: number): string => {
    const noon = new Date(`${dateOf(moment)}T12:00:00Z`)
    return new Date(noon.getTime() - ((noon.getUTCDay() + 6) % 7) * 24 * hour).toISOString().slice(0, 10)
  }
  return { dateOf: once(dateOf), mondayOf: once(mondayOf), monthOf: once((moment) => dateOf(moment).slice(0, 7)) }
}

/** Asking a calendar for each moment again and again would be most of the time this takes. */
function once(keyOf: (moment: number) => string): (moment: number) => string {
  const known = new Map<number, string>()
  return (moment) => {
    const key = known.get(moment) ?? keyOf(moment)
    known.set(moment, key)
    return key
  }
}

/**
 * A year of snapshots, one each `every` hours and a quarter past, pruned after each `pruneAfter` of them. `look` is shown what is
 * left after each prune, the newest first, as moments; and every moment at which a snapshot was taken, in the same order.
 */
function year(
  zone: string,
  every: number,
  pruneAfter: number,
  look: (left: readonly number[], taken: readonly number[]) => void,
): void {
  const clock = fakeClock(Date.parse('2026-01-01T00:15:00Z'))
  const end = clock.now() + 366 * 24 * hour
  const taken: number[] = []
  let left: CatalogRecord[] = []
  while (clock.now() < end) {
    left.push(record(clock.now()))
    taken.unshift(clock.now())
    if (taken.length % pruneAfter === 0) {
      const { entries } = planRetention(left, policy, clock.now(), zone)
      left = entries.flatMap(({ action, record }) => (action === 'keep' && record ? [record] : []))
      look(left.map(({ createdAt }) => Date.parse(createdAt)).reverse(), taken)
    }
    clock.advance(every * hour)
  }
}

/** The first so many different keys of these moments. */
function first(moments: readonly number[], keyOf: (moment: number) => string, amount: number): string[] {
  const keys = new Set<string>()
  for (const moment of moments) {
    keys.add(keyOf(moment))
    if (keys.size === amount) break
  }
  return [...keys]
}

describe.each([
  ['Europe/Berlin', '2026-03-29', '2026-10-25'],
  ['America/New_York', '2026-03-08', '2026-11-01'],
  ['UTC', undefined, undefined],
])('a year of snapshots in %s', (zone, spring, autumn) => {
  const { dateOf, mondayOf, monthOf } = calendarOf(zone)

  it('taken hourly, keeps an hour, a day, a week and a month of each, and no more', () => {
    const hoursOn = new Map<string, number>()
    let prunes = 0
    year(zone, 1, pruneEvery, (left, taken) => {
      prunes++
      // Every hour is one, the one that comes twice and the one that never comes too.
      expect(left.slice(0, 25)).toEqual(taken.slice(0, 25))
      const days = first(left, dateOf, 14)
      expect(days).toEqual(first(taken, dateOf, 14))
      expect(first(left, mondayOf, 8)).toEqual(first(taken, mondayOf, 8))
      if (prunes % 100 === 0) expect(first(left, monthOf, 12)).toEqual(first(taken, monthOf, 12))
      expect(left.length).toBeLessThanOrEqual(25 + 14 + 8 + 12)
      // A day that is over is kept by its last snapshot.
      const inDays = new Map([...left].reverse().map((moment) => [dateOf(moment), moment]))
      for (const day of days.slice(1)) expect(inDays.get(day)).toBe(taken.find((moment) => dateOf(moment) === day))
      const [today = 0] = taken
      hoursOn.set(dateOf(today), left.filter((moment) => dateOf(moment) === dateOf(today)).length)
    })
    expect(prunes).toBe((366 * 24) / pruneEvery)
    if (spring === undefined || autumn === undefined) return
    // All the hours that those days had, as far as the last prune of the day saw them.
    const lastSeen = (day: string): number => Math.max(...prunedOn(day).map((moment) => hoursBefore(moment, day)))
    const prunedOn = (day: string): number[] =>
      momentsOf(day).filter((moment) => ((moment - begin) / hour + 1) % pruneEvery === 0)
    const momentsOf = (day: string): number[] => everyHour.filter((moment) => dateOf(moment) === day)
    const hoursBefore = (moment: number, day: string): number => momentsOf(day).filter((one) => one <= moment).length
    const begin = Date.parse('2026-01-01T00:15:00Z')
    const everyHour = Array.from({ length: 366 * 24 }, (_, index) => begin + index * hour)
    expect([momentsOf(spring).length, momentsOf(autumn).length]).toEqual([23, 25])
    for (const day of [spring, autumn]) expect(hoursOn.get(day)).toBe(lastSeen(day))
  })

  it('taken daily, loses no day to a change of the clocks', () => {
    year(zone, 24, 1, (left, taken) => {
      expect(first(left, dateOf, 14)).toEqual(first(taken, dateOf, 14))
      expect(first(left, mondayOf, 8)).toEqual(first(taken, mondayOf, 8))
      expect(first(left, monthOf, 12)).toEqual(first(taken, monthOf, 12))
    })
  })
})

describe('an hour', () => {
  it('that comes twice when clocks go back is two hours', () => {
    const twice = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map((time) => record(time))
    const { entries } = planRetention(twice, { keepHourly: 2 }, Date.parse('2026-10-25T03:00:00Z'), 'Europe/Berlin')
    expect(entries.map(({ reasons }) => reasons[0]?.text)).toEqual([
      'hourly 2026-10-25 02:00+02:00',
      'hourly 2026-10-25 02:00+01:00',
    ])
  })

  it.each([
    // The clocks went forward on the 29th of March: that day had 23 hours.
    ['1d', '2026-03-30T08:00:00+02:00', '2026-03-29T08:00:00+02:00'],
    ['24h', '2026-03-29T08:00:00+02:00', '2026-03-28T07:00:00+01:00'],
    ['1d', '2026-03-29T08:00:00+02:00', '2026-03-28T08:00:00+01:00'],
    ['1m', '2026-11-10T08:00:00+01:00', '2026-10-10T08:00:00+02:00'],
    ['1m', '2026-03-31T08:00:00+02:00', '2026-02-28T08:00:00+01:00'],
  ])('is what %s before %s reaches, by the calendar', (age, now, edge) => {
    const [outside, inside] = [record(Date.parse(edge)), record(Date.parse(edge) + 1000)]
    const newest = record(Date.parse(now))
    const { entries } = planRetention([outside, inside, newest], { keepWithin: age }, Date.parse(now), 'Europe/Berlin')
    expect(entries.map(({ action }) => action)).toEqual(['remove', 'keep', 'keep'])
  })
})
