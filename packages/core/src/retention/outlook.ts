import type { CatalogRecord } from '../catalog/index.ts'
import type { Context } from '../contract/index.ts'
import type { Stack } from '../stack/index.ts'
import { type Listed, listStack } from './listed.ts'
import { planRetention } from './plan.ts'
import { defaultMaxShrink, type RetentionPolicy } from './policy.ts'
import type { RetentionEntry, RetentionPlan } from './reasons.ts'
import { isGood } from './rules.ts'
import { type ShrinkAlarm, shrunkenListing, shrunkenPart } from './shrink.ts'
import { acceptSizes, compareSizes, type KnownSizes, readSizes } from './sizes.ts'

/** What a prune would do. */
export interface Outlook {
  plan: RetentionPlan
  alarms: ShrinkAlarm[]
  /** Known to the catalog, and no longer in the backend. */
  missing: string[]
  /** What later snapshots are compared with: without an alarm `found`, and `accepted` when somebody accepts them. */
  sizes: { found: KnownSizes | undefined; accepted: KnownSizes | undefined }
}

/** Plans from what the backend lists, and looks for what shrank. Changes nothing. Errors as of {@link listStack}. */
export async function lookAhead(stack: Stack, policy: RetentionPolicy, ctx: Context): Promise<Outlook> {
  const listed = await listStack(stack, ctx)
  const own = listed.records.filter((record) => record.stack === stack.name)
  const plan = planRetention(own, policy, ctx.clock.now(), stack.manifest.timezone)
  const complete = completeOf(plan)
  const maxShrink = policy.maxShrink ?? defaultMaxShrink
  const { shrunken, sizes } = compareSizes(complete, await readSizes(stack.store), maxShrink)
  const newest = complete.at(-1)
  return {
    plan: { ...plan, entries: [...untouched(stack, listed), ...plan.entries] },
    alarms: [...shrunkenListing(stack.backend, listed, maxShrink), ...shrunken.map(shrunkenPart)],
    missing: listed.missing,
    sizes: { found: sizes, accepted: newest && acceptSizes(newest) },
  }
}

/** The good ones of a plan, the oldest first, without what it set aside. */
function completeOf({ entries }: RetentionPlan): CatalogRecord[] {
  const isAside = ({ reasons }: RetentionEntry): boolean =>
    reasons.some(({ rule }) => rule === 'future' || rule === 'undated')
  return entries.flatMap((entry) => (entry.record && isGood(entry.record) && !isAside(entry) ? [entry.record] : []))
}

/** What no plan is made for. A backend may hold the snapshots of several stacks, and each prunes its own. */
function untouched(stack: Stack, { records, damaged }: Listed): RetentionEntry[] {
  const others = records.filter((record) => record.stack !== stack.name)
  return [
    ...damaged.map(
      ({ id, problem }): RetentionEntry => ({
        id,
        action: 'keep',
        reasons: [{ rule: 'damaged', text: `cannot be read: set aside (${problem})` }],
      }),
    ),
    ...others.map(
      (record): RetentionEntry => ({
        id: record.id,
        action: 'keep',
        reasons: [{ rule: 'other-stack', text: `of the stack ${record.stack}` }],
        record,
      }),
    ),
  ]
}
