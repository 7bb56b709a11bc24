import { matchesGlob } from 'node:path'
import type { CatalogRecord } from '../catalog/index.ts'
import { type Period, periodRules, type RetentionPolicy } from './policy.ts'
import { type Dated, kept, keptForWant, type Verdict } from './reasons.ts'
import { before } from './time.ts'

/** Complete, not found damaged, and no safety snapshot: what rules count. */
export function isGood({ status, purpose, damagedAt }: CatalogRecord): boolean {
  return status === 'complete' && purpose !== 'safety' && damagedAt === undefined
}

export function isVerified({ verifiedAt, proven }: CatalogRecord): boolean {
  return verifiedAt !== undefined || proven !== undefined
}

/**
 * The newest so many good ones. A poor one among them, partial or damaged, stays too and takes no place: it may
 * hold what they lack. `good` and `poor` are the newest first, here and below.
 */
export function keepLast(good: readonly Dated[], poor: readonly Dated[], count = 0): Verdict[] {
  const last = good.slice(0, count)
  const oldest = last.at(-1)
  const among = oldest === undefined ? [] : poor.filter(({ at }) => at > oldest.at)
  return [
    ...last.map((one, index) => kept(one, 'last', `last ${index + 1} of ${count}`)),
    ...among.map((one) => keptForWant(one, `newer than the oldest of the last ${last.length}`)),
  ]
}

/**
 * One good snapshot of each of the newest so many periods that have one: the newest that has been verified, else the
 * newest. A younger period in which there are only poor ones keeps the newest of these, and takes no place.
 */
export function keepPeriods(
  good: readonly Dated[],
  poor: readonly Dated[],
  period: Period,
  policy: RetentionPolicy,
): Verdict[] {
  const chosen = new Map<string, Dated>()
  for (const [name, members] of Map.groupBy(good, ({ periods }) => periods[period])) {
    if (chosen.size === (policy[periodRules[period]] ?? 0)) break
    const best = members.find(({ record }) => isVerified(record)) ?? members[0]
    if (best) chosen.set(name, best)
  }
  const oldest = [...chosen.values()].at(-1)
  const younger = poor.filter(({ at }) => oldest !== undefined && at > oldest.at)
  const standIns = [...Map.groupBy(younger, ({ periods }) => periods[period])].filter(([name]) => !chosen.has(name))
  return [
    ...[...chosen].map(([name, one]) => kept(one, period, `${period} ${name}`)),
    ...standIns.flatMap(([name, [newest]]) =>
      newest ? [keptForWant(newest, `and ${period} ${name} has no complete one`)] : [],
    ),
  ]
}

/** All that are younger, whatever they are. */
export function keepWithin(all: readonly Dated[], age: string | undefined, now: number, zone: string): Verdict[] {
  if (age === undefined) return []
  const since = before(now, age, zone)
  return all.filter(({ at }) => at > since).map((one) => kept(one, 'within', `within ${age}`))
}

/** All of that name, and all with those labels. */
export function keepNamed(all: readonly Dated[], { keepName, keepLabels }: RetentionPolicy): Verdict[] {
  const named = all.filter(({ record }) => hasName(record, keepName))
  const labelled = all.filter(({ record }) => keepLabels !== undefined && hasLabels(record, keepLabels))
  return [
    ...named.map((one) => kept(one, 'name', `named ${one.record.name}`)),
    ...labelled.map((one) => kept(one, 'labels', `labelled ${labelsText(keepLabels ?? {})}`)),
  ]
}

/** Whether a policy is about this snapshot. */
export function isSelected(record: CatalogRecord, only: RetentionPolicy['only']): boolean {
  if (only?.name !== undefined && !hasName(record, only.name)) return false
  return hasLabels(record, only?.labels ?? {})
}

function hasName({ name }: CatalogRecord, glob: string | undefined): boolean {
  return name !== undefined && glob !== undefined && matchesGlob(name, glob)
}

function hasLabels({ labels }: CatalogRecord, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
}
