import { defaultKeepSafety, type RetentionPolicy } from './policy.ts'
import { type Dated, kept, keptForWant, type Verdict } from './reasons.ts'
import { isGood } from './rules.ts'
import { before } from './time.ts'

/**
 * What no policy removes: the newest complete snapshot, the newest that was read back whole, the newest that was restored
 * in a drill, and what is pinned. `all` are all there are, the newest first; a policy may be about some of them only, and
 * `selected` are these: the newest of each stays.
 */
export function protectNewest(all: readonly Dated[], selected: readonly Dated[]): Verdict[] {
  const newest = (of: readonly Dated[], test: (one: Dated) => boolean): Dated[] => of.filter(test).slice(0, 1)
  const complete = ({ record }: Dated): boolean => isGood(record)
  const verified = (one: Dated): boolean => complete(one) && one.record.verifiedAt !== undefined
  const proven = ({ record }: Dated): boolean => record.proven !== undefined
  return [
    ...unique([...newest(all, complete), ...newest(selected, complete)], 'newest-complete', 'newest complete'),
    ...unique(newest(all, verified), 'newest-verified', 'newest verified'),
    // A safety snapshot holds what somebody wanted to leave: that it can be restored is no proof for the rest.
    ...unique(
      [...newest(all, proven), ...newest(all, (one) => proven(one) && complete(one))],
      'newest-proven',
      'newest proven restorable',
    ),
    ...all.filter(({ record }) => record.pinned === true).map((one) => kept(one, 'pinned', 'pinned safety snapshot')),
  ]
}

function unique(ones: readonly Dated[], rule: Parameters<typeof kept>[1], text: string): Verdict[] {
  return [...new Set(ones)].map((one) => kept(one, rule, text))
}

/** Safety snapshots stay until there is a newer complete one, and a while longer. They take no place of any rule. */
export function keepSafety(
  safety: readonly Dated[],
  newestGood: Dated | undefined,
  policy: RetentionPolicy,
  now: number,
  zone: string,
): Verdict[] {
  const age = policy.keepSafety ?? defaultKeepSafety
  const since = before(now, age, zone)
  return safety.flatMap((one) => {
    // Whatever the catalog says: it may have been made anew, and then it knows of no pin.
    if (newestGood === undefined || one.at > newestGood.at) {
      return [kept(one, 'safety', 'safety snapshot, and no complete one is newer')]
    }
    return one.at > since ? [kept(one, 'safety', `safety snapshot, within ${age}`)] : []
  })
}

/** A partial or damaged one stays while no complete one is newer. */
export function keepNewestPoor(poor: readonly Dated[], newestGood: Dated | undefined): Verdict[] {
  return poor
    .filter(({ at }) => newestGood === undefined || at > newestGood.at)
    .map((one) => keptForWant(one, 'and no complete one is newer'))
}
