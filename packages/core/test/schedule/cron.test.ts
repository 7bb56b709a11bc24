import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastDue, nextDue } from '../../src/index.ts'
import { cronProblem } from '../../src/schedule/cron.ts'

const at = (text: string): number => Date.parse(text)

/** All due times from one moment to another. */
function dueTimes(cron: string, zone: string, from: string, to: string): string[] {
  const times: string[] = []
  for (let moment = nextDue(cron, zone, at(from) - 1); moment !== undefined && moment < at(to); ) {
    times.push(new Date(moment).toISOString().replace('.000', ''))
    moment = nextDue(cron, zone, moment)
  }
  return times
}

describe('a time of day over the change of clocks', () => {
  it.each([
    // Clocks go from 2:00 to 3:00: half past two does not exist, and comes at three.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-29', ['2026-03-29T01:00:00Z']],
    // From 3:00 back to 2:00: half past two exists twice, and comes the first time.
    ['30 2 * * *', 'Europe/Berlin', '2026-10-25', ['2026-10-25T00:30:00Z']],
    ['30 2 * * *', 'America/New_York', '2026-03-08', ['2026-03-08T07:00:00Z']],
    ['30 1 * * *', 'America/New_York', '2026-11-01', ['2026-11-01T05:30:00Z']],
    // Half an hour: from 2:00 to 2:30.
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03', ['2026-10-03T15:30:00Z']],
  ])('%s in %s on %s', (cron, zone, day, expected) => {
    const [from, to] = [`${day}T00:00:00Z`, new Date(at(day) + 86_400_000).toISOString()]
    expect(dueTimes(cron, zone, from, to)).toEqual(expected)
  })

  it('an hourly one comes every hour that passes', () => {
    for (const [zone, day] of [
      ['Europe/Berlin', '2026-03-29'],
      ['Europe/Berlin', '2026-10-25'],
      ['America/New_York', '2026-11-01'],
    ] as const) {
      const to = new Date(at(day) + 86_400_000).toISOString()
      expect(dueTimes('0 * * * *', zone, `${day}T00:00:00Z`, to)).toHaveLength(24)
    }
  })

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])('a year of nights in %s has 365', (zone) => {
    const nights = dueTimes('30 2 * * *', zone, '2026-01-01T12:00:00Z', '2027-01-01T12:00:00Z')
    expect(nights).toHaveLength(365)
  })
})

it('what is last due is due, and nothing is due between it and now', () => {
  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: low, max: high }).map(String),
      fc.integer({ min: 2, max: 6 }).map((step) => `*/${step}`),
    )
  const cron = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((all) => all.join(' '))
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu')
  const moment = fc.integer({ min: at('2025-01-01'), max: at('2027-12-31') })
  fc.assert(
    fc.property(cron, zone, moment, (expression, timezone, now) => {
      const last = lastDue(expression, timezone, now)
      if (last === undefined) return
      expect(last).toBeLessThanOrEqual(now)
      expect(nextDue(expression, timezone, last - 1)).toBe(last)
      const next = nextDue(expression, timezone, last)
      if (next !== undefined) expect(next).toBeGreaterThan(now)
    }),
    { numRuns: 300 },
  )
})

it('a time that is due now is the last due', () => {
  expect(lastDue('0 3 * * *', 'UTC', at('2026-05-05T03:00:00Z'))).toBe(at('2026-05-05T03:00:00Z'))
  expect(lastDue('0 3 * * *', 'UTC', at('2026-05-05T03:00:00Z') - 1)).toBe(at('2026-05-04T03:00:00Z'))
})

it.each(['', '* * *', '61 * * * *', 'a b c d e', '* * * * * *', '0 0 31 2 *', '0 25 * * *'])(
  '"%s" is refused',
  (text) => {
    expect(cronProblem(text)).toMatch(/no cron expression|never comes/)
  },
)

it.each(['0 3 * * *', '*/15 * * * *', '@daily', '0 0 L * *', '0 4 * * MON-FRI', '0 0 29 2 *'])(
  '"%s" is taken',
  (text) => {
    expect(cronProblem(text)).toBeUndefined()
  },
)
