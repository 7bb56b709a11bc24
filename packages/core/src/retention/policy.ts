/** Which snapshots are kept. A rule that is absent, or 0, keeps nothing. docs/retention.md explains each. */
export interface RetentionPolicy extends KeepRules {
  /** Safety snapshots that are no longer pinned stay this long. {@link defaultKeepSafety} when absent. */
  keepSafety?: string | undefined
  /** Snapshots that this does not select are neither counted nor removed. */
  only?: { name?: string | undefined; labels?: Record<string, string> | undefined } | undefined
  /** The share of a listing, a dump or a tree that may be missing before nothing is removed. 1: all of it. */
  maxShrink?: number | undefined
}

/** The rules that say what stays. Given anew, they replace all of those before. */
export interface KeepRules {
  keepLast?: number | undefined
  keepHourly?: number | undefined
  keepDaily?: number | undefined
  keepWeekly?: number | undefined
  keepMonthly?: number | undefined
  keepYearly?: number | undefined
  /** A duration: `30d`, `2w`, `1y6m`. */
  keepWithin?: string | undefined
  /** A glob. */
  keepName?: string | undefined
  keepLabels?: Record<string, string> | undefined
}

export const defaultKeepSafety = '7d'
export const defaultMaxShrink = 0.5

/** The periods that rules count in, and the rule of each. */
export const periodRules = {
  hourly: 'keepHourly',
  daily: 'keepDaily',
  weekly: 'keepWeekly',
  monthly: 'keepMonthly',
  yearly: 'keepYearly',
} as const satisfies Record<string, keyof KeepRules>

export type Period = keyof typeof periodRules

/**
 * Whether a policy has no rule that says how many or how long. It then removes nothing: that somebody wants everything
 * but the names of `keepName` gone is less likely than that something was forgotten.
 */
export function isEmptyPolicy(policy: RetentionPolicy): boolean {
  const counts = [policy.keepLast, ...Object.values(periodRules).map((rule) => policy[rule])]
  return counts.every((count = 0) => count === 0) && !/[1-9]/.test(policy.keepWithin ?? '')
}

/** `base` with what is given in its place: any rule of what to keep replaces all rules of `base`. */
export function overridePolicy(base: RetentionPolicy, given: RetentionPolicy): RetentionPolicy {
  const { keepSafety, only, maxShrink, ...rules } = base
  const { keepSafety: _, only: __, maxShrink: ___, ...givenRules } = given
  const replaced = Object.values(givenRules).some((rule) => rule !== undefined)
  return { keepSafety, only, maxShrink, ...(replaced ? {} : rules), ...defined(given) }
}

function defined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<Value>
}
