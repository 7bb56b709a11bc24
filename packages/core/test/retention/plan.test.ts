import { describe, expect, it } from 'vitest'
import { planRetention } from '../../src/retention/index.ts'
import { plan, record } from './records.ts'

const now = '2026-11-24T12:00:00Z'
const day = (number: number, extra = {}) => record(`2026-11-${String(number).padStart(2, '0')}T03:00:00.000Z`, extra)

describe('a retention plan', () => {
  it('keeps by count, period and age, and says each reason', () => {
    const [a, b, c, d] = [day(1), day(20), day(23), day(24)]
    const { kept, removed } = plan([c, a, d, b], { keepLast: 2, keepDaily: 1, keepWithin: '5d' }, now)
    expect([...removed]).toEqual([[a, ['no rule keeps it']]])
    expect([...kept]).toEqual([
      [b, ['within 5d']],
      [c, ['last 2 of 2', 'within 5d']],
      [d, ['last 1 of 2', 'daily 2026-11-24', 'within 5d', 'newest complete']],
    ])
  })

  it('counts the periods in which there is something, so that a pause costs nothing', () => {
    const [old, older, recent] = [day(3), day(2), day(24)]
    expect([...plan([older, old, recent], { keepDaily: 2 }, now).kept.keys()]).toEqual([old, recent])
  })

  it.each([
    ['keepHourly', 'hourly 2026-11-24 03:00+00:00'],
    ['keepDaily', 'daily 2026-11-24'],
    ['keepWeekly', 'weekly 2026-W48'],
    ['keepMonthly', 'monthly 2026-11'],
    ['keepYearly', 'yearly 2026'],
  ])('counts with %s', (rule, reason) => {
    const [only] = [day(24)]
    expect(plan([only], { [rule]: 1 }, now).kept.get(only)).toEqual([reason, 'newest complete'])
  })

  it('counts a week from Monday to Sunday, also over the end of a year', () => {
    const [sunday, monday, nextYear] = ['2026-12-27T23:59:59Z', '2026-12-28T00:00:00Z', '2027-01-03T23:00:00Z'].map(
      (time) => record(time),
    ) as [ReturnType<typeof record>, ReturnType<typeof record>, ReturnType<typeof record>]
    const { kept, removed } = plan([sunday, monday, nextYear], { keepWeekly: 2 }, '2027-01-05T00:00:00Z')
    expect(kept.get(sunday)).toEqual(['weekly 2026-W52'])
    expect(kept.get(nextYear)).toContain('weekly 2026-W53')
    expect([...removed.keys()]).toEqual([monday])
  })

  it.each([
    ['30d', '2026-10-25T11:59:00Z', '2026-10-25T12:01:00Z'],
    ['2w', '2026-11-10T11:59:00Z', '2026-11-10T12:01:00Z'],
    ['1y6m', '2025-05-24T11:59:00Z', '2025-05-24T12:01:00Z'],
    ['36h', '2026-11-22T23:59:00Z', '2026-11-23T00:01:00Z'],
  ])('keeps what is younger than %s', (age, before, after) => {
    const [outside, inside, newest] = [record(before), record(after), day(24)]
    const { kept, removed } = plan([outside, inside, newest], { keepWithin: age }, now)
    expect([...removed.keys()]).toEqual([outside])
    expect(kept.get(inside)).toEqual([`within ${age}`])
  })

  it.each([
    ['{}', {}],
    ['zeros', { keepLast: 0, keepDaily: 0, keepWithin: '0d' }],
    ['a name alone', { keepName: 'release-*' }],
    ['a time for safety snapshots alone', { keepSafety: '0d' }],
  ])('removes nothing by an empty policy: %s', (_, policy) => {
    const records = [day(1), day(2, { status: 'partial' }), day(3, { purpose: 'safety' }), day(24)]
    const { entries, emptyPolicy } = planRetention(records, policy, Date.parse(now), 'UTC')
    expect(emptyPolicy).toBe(true)
    expect(entries.map(({ action, reasons }) => [action, reasons.map(({ rule }) => rule)])).toEqual(
      records.map(() => ['keep', ['empty-policy']]),
    )
  })

  it('sets aside what is dated in the future or not at all: neither counted nor removed', () => {
    const future = record('2026-11-24T12:11:00Z')
    const skewed = record('2026-11-24T12:09:00Z')
    const undated = ['yesterday', '', '2026-13-01T00:00:00Z', '2026-11-01'].map((date) => record(date))
    const { kept, removed } = plan([day(1), future, skewed, ...undated, day(2)], { keepLast: 1 }, now)
    expect(kept.get(future)).toEqual(['dated in the future: set aside'])
    for (const one of undated) expect(kept.get(one)).toEqual(['its date cannot be read: set aside'])
    expect(kept.get(skewed)).toEqual(['last 1 of 1', 'newest complete'])
    expect(removed.size).toBe(2)
  })

  it('is about the selected ones only: others are neither counted nor removed', () => {
    const nightly = [1, 2, 3].map((number) => day(number, { name: `nightly-${number}`, labels: { kind: 'n' } }))
    const other = [day(10), day(11, { name: 'before-upgrade' })]
    for (const only of [{ name: 'nightly-*' }, { labels: { kind: 'n' } }]) {
      const { kept, removed } = plan([...nightly, ...other], { keepLast: 1, only }, now)
      expect([...removed.keys()]).toEqual(nightly.slice(0, 2))
      expect(kept.get(nightly[2] as never)).toEqual(['last 1 of 1', 'newest complete'])
      expect(kept.get(other[0] as never)).toEqual(['the policy is not about it'])
      expect(kept.get(other[1] as never)).toEqual(['the policy is not about it', 'newest complete'])
    }
  })

  it('keeps by name and by label', () => {
    const [release, ticket, neither] = [
      day(1, { name: 'release-1' }),
      day(2, { labels: { ticket: '42', a: 'b' } }),
      day(3),
    ]
    const policy = { keepLast: 1, keepName: 'release-*', keepLabels: { ticket: '42' } }
    const { kept, removed } = plan([release, ticket, neither, day(24)], policy, now)
    expect(kept.get(release)).toEqual(['named release-1'])
    expect(kept.get(ticket)).toEqual(['labelled ticket=42'])
    expect([...removed.keys()]).toEqual([neither])
  })
})

describe('what a check found damaged', () => {
  it('counts for nothing: the newest whole one stays, and the damaged goes once a newer one is whole', () => {
    const [old, damaged, whole, damagedToo] = [day(1), day(2, { damagedAt: now }), day(3), day(4, { damagedAt: now })]
    const { kept, removed } = plan([old, damaged, whole, damagedToo], { keepLast: 1 }, now)
    expect(kept.get(whole)).toEqual(['last 1 of 1', 'newest complete'])
    expect(kept.get(damagedToo)).toEqual([
      'damaged, newer than the oldest of the last 1',
      'damaged, and no complete one is newer',
    ])
    expect([...kept.keys()]).toEqual([whole, damagedToo])
    expect([...removed]).toEqual([
      [old, ['no rule keeps it']],
      [damaged, ['damaged, and a newer one is whole']],
    ])
  })

  it('fills in where a period has nothing better', () => {
    const [first, damaged, last] = [day(20), day(21, { damagedAt: now }), day(22)]
    const { kept } = plan([first, damaged, last], { keepDaily: 2 }, now)
    expect(kept.get(damaged)).toEqual(['damaged, and daily 2026-11-21 has no complete one'])
  })
})

describe('what is verified or proven', () => {
  const at = (hour: number, extra = {}) => record(`2026-11-20T0${hour}:00:00Z`, extra)
  const later = [day(23), day(24)]

  it('is chosen before what is not, within a period', () => {
    const [early, middle, late] = [at(1, { verifiedAt: now }), at(2, { verifiedAt: now }), at(3)]
    const { kept, removed } = plan([early, middle, late, ...later], { keepDaily: 3 }, now)
    expect(kept.get(middle)).toEqual(['daily 2026-11-20', 'newest verified'])
    expect([...removed.keys()]).toEqual([early, late])
  })

  it('costs no period: as many are kept, and the newest of them is the newest there is', () => {
    const verified = at(1, { verifiedAt: now })
    const { kept } = plan([verified, at(3), ...later], { keepDaily: 2 }, now)
    expect([...kept.keys()]).toEqual([verified, ...later])
    expect(kept.get(verified)).toEqual(['newest verified'])
  })

  it('is never removed when it is the newest proven, whatever the policy', () => {
    const [older, newest] = [
      day(1, { proven: { at: now, seconds: 3 } }),
      day(2, { proven: { at: '2026-11-02T04:00:00Z', seconds: 3 } }),
    ]
    const { kept, removed } = plan([older, newest, ...later], { keepLast: 1 }, now)
    expect(kept.get(newest)).toEqual(['newest proven restorable'])
    expect([...removed.keys()]).toEqual([older, later[0]])
  })

  it('is no reason for a safety snapshot to stand in for another', () => {
    const proven = { at: now, seconds: 1 }
    const [regular, safety] = [day(1, { proven }), day(3, { proven, purpose: 'safety' })]
    const { kept } = plan([regular, safety, day(20), ...later], { keepLast: 1 }, now)
    expect(kept.get(regular)).toEqual(['newest proven restorable'])
    expect(kept.get(safety)).toEqual(['newest proven restorable'])
  })
})

describe('partial snapshots', () => {
  const partial = (number: number) => day(number, { status: 'partial' })

  it('take no slot and go once a complete one is newer and they are older than the oldest kept', () => {
    const [old, among, newer] = [partial(10), partial(21), partial(24)]
    const complete = [day(5), day(20), day(22)]
    const { kept, removed } = plan([old, among, newer, ...complete], { keepLast: 2 }, now)
    expect([...removed]).toEqual([
      [complete[0], ['no rule keeps it']],
      [old, ['partial, and a newer one is complete']],
    ])
    expect(kept.get(among)).toEqual(['partial, newer than the oldest of the last 2'])
    expect(kept.get(newer)).toContain('partial, and no complete one is newer')
  })

  it('stand in for a period that has no complete one, without using it up', () => {
    const [first, second, beside, before] = [
      partial(21),
      record('2026-11-21T05:00:00Z', { status: 'partial' }),
      partial(22),
      partial(18),
    ]
    const complete = [day(20), record('2026-11-22T04:00:00Z'), day(23)]
    const { kept, removed } = plan([first, second, beside, before, ...complete], { keepDaily: 3 }, now)
    expect(kept.get(second)).toEqual(['partial, and daily 2026-11-21 has no complete one'])
    expect([...removed.keys()]).toEqual([before, first, beside])
    expect(complete.map((one) => kept.get(one)?.[0])).toEqual([
      'daily 2026-11-20',
      'daily 2026-11-22',
      'daily 2026-11-23',
    ])
  })

  it('stay while there is no complete one at all', () => {
    expect(plan([partial(1), partial(2)], { keepLast: 1 }, now).removed.size).toBe(0)
  })

  it('stay within the age that keeps everything', () => {
    const young = partial(20)
    expect(plan([young, day(21)], { keepWithin: '5d' }, now).kept.get(young)).toEqual(['within 5d'])
  })
})

describe('safety snapshots', () => {
  const safety = (number: number, extra = {}) => day(number, { purpose: 'safety', ...extra })

  it('stay while they are pinned, and never take a slot', () => {
    const pinned = safety(10, { pinned: true })
    const { kept } = plan([pinned, day(11), day(24)], { keepLast: 2 }, now)
    expect(kept.get(pinned)).toEqual(['pinned safety snapshot'])
    expect(kept.size).toBe(3)
  })

  it('stay while no complete one is newer, also where the catalog has lost the pin', () => {
    const lost = safety(10)
    expect(plan([day(9), lost], { keepLast: 1 }, now).kept.get(lost)).toEqual([
      'safety snapshot, and no complete one is newer',
    ])
  })

  it('stay for seven days after that, or as long as the policy says', () => {
    const [young, old] = [safety(20), safety(10)]
    const records = [young, old, day(24)]
    expect(plan(records, { keepLast: 9 }, now).kept.get(young)).toEqual(['safety snapshot, within 7d'])
    expect(plan(records, { keepLast: 9 }, now).removed.get(old)).toEqual(['safety snapshot, older than 7d'])
    expect(plan(records, { keepLast: 9, keepSafety: '30d' }, now).removed.size).toBe(0)
    expect([...plan(records, { keepLast: 9, keepSafety: '0d' }, now).removed.keys()]).toEqual([old, young])
  })

  it('are not the newest complete one, though they are the newest', () => {
    const [good, newer] = [day(20), safety(23)]
    const { kept } = plan([day(1), good, newer], { keepLast: 1 }, now)
    expect(kept.get(good)).toEqual(['last 1 of 1', 'newest complete'])
    expect(kept.size).toBe(2)
  })
})
