import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { CatalogRecord } from '../../src/index.ts'
import { isEmptyPolicy, planRetention, type RetentionPolicy } from '../../src/retention/index.ts'
import { record } from './records.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const hour = 3_600_000

const proven = { at: '2026-11-24T00:00:00Z', seconds: 1 }
const sometimes = <Value>(value: Value) => fc.option(fc.constant(value), { nil: undefined, freq: 3 })

/** Snapshots of three years, thick in the last days, of every sort there is. */
const records = fc.array(
  fc
    .record({
      ago: fc.oneof(fc.integer({ min: 0, max: 72 }), fc.integer({ min: -2, max: 3 * 8766 })),
      status: fc.constantFrom('complete' as const, 'complete' as const, 'partial' as const),
      purpose: fc.constantFrom('manual' as const, 'schedule' as const, 'safety' as const),
      pinned: sometimes(true),
      verifiedAt: sometimes('2026-11-24T00:00:00Z'),
      proven: sometimes(proven),
      name: fc.constantFrom(undefined, 'nightly-1', 'release-1'),
      undated: fc.option(fc.constant('no date'), { nil: undefined, freq: 30 }),
    })
    .map(({ ago, undated, purpose, pinned, name, verifiedAt, proven, status }) =>
      record(undated ?? now - ago * hour, {
        status,
        purpose,
        ...(name === undefined ? {} : { name }),
        ...(verifiedAt === undefined ? {} : { verifiedAt }),
        ...(proven === undefined ? {} : { proven }),
        ...(pinned && purpose === 'safety' ? { pinned } : {}),
      }),
    ),
  { maxLength: 60 },
)

const count = fc.option(fc.nat(12), { nil: undefined })
const days = (max: number) => fc.option(fc.nat(max), { nil: undefined })
const policies: fc.Arbitrary<RetentionPolicy> = fc
  .record({
    keepLast: count,
    keepHourly: count,
    keepDaily: count,
    keepWeekly: count,
    keepMonthly: count,
    keepYearly: count,
    within: days(400),
    safety: days(30),
    keepName: fc.constantFrom(undefined, 'release-*'),
    only: fc.constantFrom(undefined, undefined, { name: 'nightly-*' }),
  })
  .map(({ within, safety, ...rest }) => ({
    ...rest,
    keepWithin: within === undefined ? undefined : `${within}d`,
    keepSafety: safety === undefined ? undefined : `${safety}d`,
  }))

const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu')

function kept(of: readonly CatalogRecord[], policy: RetentionPolicy, zone: string): CatalogRecord[] {
  return planRetention(of, policy, now, zone).entries.flatMap(({ action, record }) =>
    action === 'keep' && record ? [record] : [],
  )
}

const isDated = ({ createdAt }: CatalogRecord): boolean => Date.parse(createdAt) <= now + 600_000
const newestFirst = (a: CatalogRecord, b: CatalogRecord): number => (a.createdAt < b.createdAt ? 1 : -1)
const isGood = ({ status, purpose }: CatalogRecord): boolean => status === 'complete' && purpose !== 'safety'
const runs = { numRuns: 1000 }

describe('whatever there is and whatever the policy says, retention', () => {
  it.each<[string, (one: CatalogRecord) => boolean]>([
    ['complete', isGood],
    ['verified', (one) => isGood(one) && one.verifiedAt !== undefined],
    ['proven', (one) => one.proven !== undefined],
  ])('never removes the newest %s one', (_, is) => {
    fc.assert(
      fc.property(records, policies, zones, (all, policy, zone) => {
        const newest = all.filter((one) => isDated(one) && is(one)).sort(newestFirst)
        const remaining = new Set(kept(all, policy, zone))
        // Of two taken in the same moment either is the newest.
        const ties = newest.filter(({ createdAt }) => createdAt === newest[0]?.createdAt)
        return newest.length === 0 || ties.some((one) => remaining.has(one))
      }),
      runs,
    )
  })

  it('never removes what is pinned, dated in the future, or without a date', () => {
    fc.assert(
      fc.property(records, policies, zones, (all, policy, zone) => {
        const remaining = new Set(kept(all, policy, zone))
        return all.every((one) => (one.pinned !== true && isDated(one)) || remaining.has(one))
      }),
      runs,
    )
  })

  it('removes nothing more when it is done a second time', () => {
    fc.assert(
      fc.property(records, policies, zones, (all, policy, zone) => {
        const once = kept(all, policy, zone)
        return kept(once, policy, zone).length === once.length
      }),
      runs,
    )
  })

  it('keeps by a more generous policy all that a less generous one keeps', () => {
    fc.assert(
      fc.property(records, policies, policies, zones, (all, policy, more, zone) => {
        fc.pre(!isEmptyPolicy(policy))
        const remaining = new Set(kept(all, generous(policy, more), zone))
        return kept(all, policy, zone).every((one) => remaining.has(one))
      }),
      runs,
    )
  })

  it('gives every snapshot one verdict and at least one reason, the oldest first', () => {
    fc.assert(
      fc.property(records, policies, zones, (all, policy, zone) => {
        const { entries } = planRetention(all, policy, now, zone)
        const dated = entries.flatMap(({ record }) =>
          record && record.createdAt !== 'no date' ? [record.createdAt] : [],
        )
        return (
          entries.every(({ reasons }) => reasons.length > 0) &&
          new Set(entries.map(({ id }) => id)).size === all.length &&
          dated.every((time, index) => index === 0 || (dated[index - 1] as string) <= time)
        )
      }),
      runs,
    )
  })

  it('lets partial and safety snapshots take no place of a complete one', () => {
    fc.assert(
      fc.property(records, policies, zones, (all, policy, zone) => {
        const good = kept(all.filter(isGood), policy, zone)
        const remaining = new Set(kept(all, policy, zone))
        return good.every((one) => remaining.has(one))
      }),
      runs,
    )
  })
})

/** Each rule of `policy`, or the one of `more` where that keeps more. */
function generous(policy: RetentionPolicy, more: RetentionPolicy): RetentionPolicy {
  const counts = ['keepLast', 'keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const
  const longer = (a: string | undefined, b: string | undefined, absent: number): string => {
    const [first, second] = [a, b].map((one) => (one === undefined ? absent : Number.parseInt(one, 10)))
    return `${Math.max(first as number, second as number)}d`
  }
  return {
    ...policy,
    ...Object.fromEntries(counts.map((rule) => [rule, Math.max(policy[rule] ?? 0, more[rule] ?? 0)])),
    keepWithin: longer(policy.keepWithin, more.keepWithin, 0),
    keepSafety: longer(policy.keepSafety, more.keepSafety, 7),
    keepName: policy.keepName ?? more.keepName,
  }
}
