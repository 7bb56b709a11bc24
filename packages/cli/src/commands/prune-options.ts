import { AngeeError, type RetentionPolicy, retentionSchema, toPolicy } from '@angee/core'
import { commandLine, type Surface } from '../surface.ts'

/** What `angee stack backup prune` was given. */
export interface PruneOptions {
  dryRun?: true
  keepLast?: number
  keepHourly?: number
  keepDaily?: number
  keepWeekly?: number
  keepMonthly?: number
  keepYearly?: number
  keepWithin?: string
  keepName?: string
  keepLabel?: Record<string, string>
  name?: string
  label?: Record<string, string>
  allowShrink?: true
}

type DeclaredPolicy = Parameters<typeof toPolicy>[0]

/** The rules given as options; undefined when there are none. USAGE for one that says nothing. */
export function policyOf(surface: Surface, options: PruneOptions): RetentionPolicy | undefined {
  const declared = declaredPolicy(surface, options)
  return declared === undefined ? undefined : toPolicy(declared)
}

/** The same as it would be declared in a manifest. */
export function declaredPolicy(surface: Surface, options: PruneOptions): DeclaredPolicy | undefined {
  const { dryRun: _, allowShrink: __, name, label, keepLabel, ...rules } = options
  const declared: Record<string, unknown> = Object.fromEntries(
    Object.entries(rules).map(([key, value]) => [snakeCase(key), value]),
  )
  const only = { ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { labels: label }) }
  if (keepLabel !== undefined) declared['keep_labels'] = keepLabel
  if (Object.keys(only).length > 0) declared['only'] = only
  if (Object.keys(declared).length === 0) return undefined
  const checked = retentionSchema.safeParse(declared)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const flag = `--${String(issue?.path[0]).replaceAll('_', '-')}`
  throw new AngeeError(
    'USAGE',
    `${flag}: ${JSON.stringify(declared[String(issue?.path[0])])} says nothing: ${issue?.message}`,
    {
      hint: `See: ${commandLine(surface, 'stack backup prune --help')}`,
    },
  )
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
