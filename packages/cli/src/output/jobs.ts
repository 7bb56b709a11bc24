import type { JobStatus } from '@angee/core'
import { formatAge } from './format.ts'
import { type Column, formatTable } from './table.ts'

const columns: Column<JobStatus>[] = [
  { title: 'JOB', value: ({ job }) => job, shrinks: true },
  { title: 'DONE', value: doneOf },
  { title: 'SNAPSHOT', value: ({ mark }) => mark?.snapshot ?? '', optional: 1 },
  { title: 'RUNTIME', value: ({ kind }) => kind, optional: 2 },
]

/** A table of jobs. `width` of the terminal, if there is one. */
export function formatJobs(jobs: readonly JobStatus[], width: number | undefined): string {
  const shown = jobs.some(({ mark }) => mark?.snapshot !== undefined)
    ? columns
    : columns.filter(({ title }) => title !== 'SNAPSHOT')
  return formatTable(jobs, shown, width)
}

/** The same for machines. */
export function jobDocument({ job, kind, mark }: JobStatus): object {
  return {
    job,
    runtime: kind,
    state: mark?.state ?? null,
    done_at: mark?.state === 'done' ? mark.at : null,
    snapshot: mark?.snapshot ?? null,
  }
}

function doneOf({ mark }: JobStatus): string {
  if (mark === undefined) return '-'
  return mark.state === 'done' ? formatAge(Date.parse(mark.at), Date.now()) : 'not masked yet'
}
