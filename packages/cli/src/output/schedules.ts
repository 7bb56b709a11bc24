import type { ScheduleFacts } from '@angee/operator'
import { formatAge, formatLocalTime } from './format.ts'
import { type Column, formatTable } from './table.ts'

const columns: Column<ScheduleFacts>[] = [
  { title: 'WHAT', value: ({ kind }) => kind },
  { title: 'WHEN', value: ({ cron, timezone }) => `${cron} ${timezone}`, optional: 2, shrinks: true },
  { title: 'NEXT', value: ({ nextAt }) => (nextAt === null ? 'never' : formatLocalTime(Date.parse(nextAt))) },
  { title: 'LAST', value: lastOf, optional: 1 },
  { title: 'SUCCEEDED', value: succeededOf },
]

/** A table of schedules. `width` of the terminal, if there is one. */
export function formatSchedules(schedules: readonly ScheduleFacts[], width: number | undefined): string {
  return formatTable(schedules, columns, width)
}

function lastOf({ last }: ScheduleFacts): string {
  if (last === null) return '-'
  return `${last.state}${last.code === undefined ? '' : ` (${last.code})`}`
}

function succeededOf({ succeededAt, overdueSince }: ScheduleFacts): string {
  const when = succeededAt === null ? 'never' : formatAge(Date.parse(succeededAt), Date.now())
  return overdueSince === null ? when : `${when}, OVERDUE`
}
