import { z } from 'zod'
import type { RetentionPolicy } from './policy.ts'

const count = z.int().min(0)

const age = z
  .string()
  .regex(
    /^(?=\d)(\d{1,4}y)?(\d{1,4}m)?(\d{1,4}w)?(\d{1,5}d)?(\d{1,5}h)?$/,
    'write years, months, weeks, days and hours in this order, for example "30d", "2w" or "1y6m" (m is months)',
  )

const name = z.string().min(1)
const labels = z.record(z.string(), z.string())

/** `backup.retention` of a manifest, and a policy that comes with a request. */
export const retentionSchema = z
  .strictObject({
    keep_last: count.optional().describe('So many of the newest.'),
    keep_hourly: count.optional().describe('One of each hour, for so many hours in which there is one.'),
    keep_daily: count.optional().describe('One of each day, in backup.timezone.'),
    keep_weekly: count.optional().describe('One of each week, Monday to Sunday.'),
    keep_monthly: count.optional().describe('One of each month.'),
    keep_yearly: count.optional().describe('One of each year.'),
    keep_within: age.optional().describe('All that are younger: "30d", "2w", "1y6m".'),
    keep_name: name.optional().describe('All whose name fits this glob.'),
    keep_labels: labels.optional().describe('All that have these labels.'),
    keep_safety: age.optional().describe('Safety snapshots that are no longer pinned, this long; 7d when absent.'),
    only: z
      .strictObject({ name: name.optional(), labels: labels.optional() })
      .optional()
      .describe('Apply to snapshots of this name (a glob) and with these labels; all others stay.'),
    max_shrink: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Remove nothing when a listing, a dump or a tree has lost more than this share; 0.5 when absent.'),
  })
  .describe('Which snapshots are kept by `angee stack backup prune`.')

/** A time zone by its IANA name. */
export const timezoneSchema = z
  .string()
  .refine(isTimeZone, 'is no time zone; write one by its IANA name, for example "Europe/Berlin"')

/** A checked declaration in the words of the code. */
export function toPolicy(declared: z.output<typeof retentionSchema>): RetentionPolicy {
  return {
    keepLast: declared.keep_last,
    keepHourly: declared.keep_hourly,
    keepDaily: declared.keep_daily,
    keepWeekly: declared.keep_weekly,
    keepMonthly: declared.keep_monthly,
    keepYearly: declared.keep_yearly,
    keepWithin: declared.keep_within,
    keepName: declared.keep_name,
    keepLabels: declared.keep_labels,
    keepSafety: declared.keep_safety,
    only: declared.only,
    maxShrink: declared.max_shrink,
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}
