import type { CatalogRecord } from '../catalog/index.ts'
import { defaultKeepSafety, isEmptyPolicy, type Period, periodRules, type RetentionPolicy } from './policy.ts'
import { keepNewestPoor, keepSafety, protectNewest } from './protect.ts'
import {
  type Dated,
  kept,
  type RetentionEntry,
  type RetentionPlan,
  type RetentionReason,
  type Verdict,
} from './reasons.ts'
import { isGood, isSelected, keepLast, keepNamed, keepPeriods, keepWithin } from './rules.ts'
import { momentOf, periodsOf } from './time.ts'

/** A clock may be this much wrong before a snapshot counts as dated in the future. */
const toleratedSkew = 10 * 60_000

/**
 * What a policy keeps of these snapshots of one stack, and why. Each rule chooses for itself, and what none of them chose
 * goes. `now` in milliseconds since 1970; days, weeks and so on are those of `zone`, an IANA name. Changes nothing.
 */
export function planRetention(
  records: readonly CatalogRecord[],
  policy: RetentionPolicy,
  now: number,
  zone: string,
): RetentionPlan {
  const moments = new Map(records.map((record) => [record, momentOf(record.createdAt)]))
  const oldestFirst = [...records].sort((a, b) => order(a, b, moments))
  const emptyPolicy = isEmptyPolicy(policy)
  const verdicts = emptyPolicy
    ? records.map((record) => kept({ record }, 'empty-policy', 'the policy keeps everything'))
    : judge(oldestFirst, moments, policy, now, zone)
  const reasons = Map.groupBy(verdicts, ({ id }) => id)
  const entries = oldestFirst.map((record): RetentionEntry => {
    const found = reasons.get(record.id)?.map(({ reason }) => reason)
    return found
      ? { id: record.id, action: 'keep', reasons: found, record }
      : { id: record.id, action: 'remove', reasons: [whyItGoes(record, policy)], record }
  })
  return { entries, emptyPolicy }
}

type Moments = ReadonlyMap<CatalogRecord, number | undefined>

function order(a: CatalogRecord, b: CatalogRecord, moments: Moments): number {
  const [first, second] = [a, b].map((one) => moments.get(one) ?? Number.NEGATIVE_INFINITY) as [number, number]
  return first === second ? (a.id < b.id ? -1 : 1) : first - second
}

function judge(
  oldestFirst: readonly CatalogRecord[],
  moments: Moments,
  policy: RetentionPolicy,
  now: number,
  zone: string,
): Verdict[] {
  const aside: Verdict[] = []
  const all: Dated[] = []
  for (const record of oldestFirst.toReversed()) {
    const at = moments.get(record)
    if (at === undefined) aside.push(kept({ record }, 'undated', 'its date cannot be read: set aside'))
    else if (at > now + toleratedSkew) aside.push(kept({ record }, 'future', 'dated in the future: set aside'))
    else all.push({ record, at, periods: periodsOf(at, zone) })
  }
  const selected = all.filter(({ record }) => isSelected(record, policy.only))
  const others = all.filter(({ record }) => !isSelected(record, policy.only))
  const good = selected.filter(({ record }) => isGood(record))
  const safety = selected.filter(({ record }) => record.purpose === 'safety')
  const poor = selected.filter(({ record }) => record.purpose !== 'safety' && !isGood(record))
  return [
    ...aside,
    ...others.map((one) => kept(one, 'not-selected', 'the policy is not about it')),
    ...keepLast(good, poor, policy.keepLast),
    ...(Object.keys(periodRules) as Period[]).flatMap((period) => keepPeriods(good, poor, period, policy)),
    ...keepWithin(selected, policy.keepWithin, now, zone),
    ...keepNamed(selected, policy),
    ...keepNewestPoor(poor, good[0]),
    ...keepSafety(
      safety,
      all.find(({ record }) => isGood(record)),
      policy,
      now,
      zone,
    ),
    ...protectNewest(all, selected),
  ]
}

function whyItGoes(record: CatalogRecord, policy: RetentionPolicy): RetentionReason {
  const { status, purpose, damagedAt } = record
  if (purpose === 'safety') {
    return { rule: 'safety-expired', text: `safety snapshot, older than ${policy.keepSafety ?? defaultKeepSafety}` }
  }
  if (damagedAt !== undefined) return { rule: 'damaged-superseded', text: 'damaged, and a newer one is whole' }
  return status === 'partial'
    ? { rule: 'partial-superseded', text: 'partial, and a newer one is complete' }
    : { rule: 'not-kept', text: 'no rule keeps it' }
}
