import type { JobStatus } from '@angee/core'
import { formatAge } from './format.ts'
import { type Column, formatTable } from './table.ts'

/** A job as it is shown, to people and to machines. */
export interface JobFacts {
  job: string
  /** null for a restore job, which no engine runs. */
  runtime: 'container' | 'local' | null
  state: 'loaded' | 'done' | null
  done_at: string | null
  snapshot: string | null
}

export function jobFacts({ job, kind, mark }: JobStatus): JobFacts {
  return {
    job,
    runtime: kind ?? null,
    state: mark?.state ?? null,
    done_at: mark?.state === 'done' ? mark.at : null,
    snapshot: mark?.snapshot ?? null,
  }
}

const columns: Column<JobFacts>[] = [
  { title: 'JOB', value: ({ job }) => job, shrinks: true },
  { title: 'DONE', value: doneOf },
  { title: 'SNAPSHOT', value: ({ snapshot }) => snapshot ?? '', optional: 1 },
  { title: 'RUNTIME', value: ({ runtime }) => runtime ?? '-', optional: 2 },
]

/** A table of jobs. `width` of the terminal, if there is one. */
export function formatJobs(jobs: readonly JobFacts[], width: number | undefined): string {
  const shown = jobs.some(({ snapshot }) => snapshot !== null)
    ? columns
    : columns.filter(({ title }) => title !== 'SNAPSHOT')
  return formatTable(jobs, shown, width)
}

function doneOf({ state, done_at }: JobFacts): string {
  if (done_at !== null) return formatAge(Date.parse(done_at), Date.now())
  return state === null ? '-' : 'not masked yet'
}
