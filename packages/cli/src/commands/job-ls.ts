import { exitCodes, listJobs } from '@angee/core'
import { printDocument } from '../output/document.ts'
import { formatJobs, type JobFacts, jobFacts } from '../output/jobs.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** Lists the jobs of the stack, with what is remembered of each. */
export async function jobLs(surface: Surface): Promise<number> {
  const jobs = await withStack(surface, { events: 'none' }, ({ stack }) => listJobs(stack))
  return printJobs(surface, jobs.map(jobFacts))
}

/** Prints jobs with what is remembered of each. */
export async function printJobs(surface: Surface, jobs: readonly JobFacts[]): Promise<number> {
  await printDocument(
    surface,
    jobs,
    jobs.map(({ job }) => job),
    () => (jobs.length === 0 ? '' : formatJobs(jobs, surface.columns)),
  )
  if (jobs.length === 0 && surface.format === 'table') surface.note('no jobs: declare some under jobs: in angee.yaml\n')
  return exitCodes.done
}
