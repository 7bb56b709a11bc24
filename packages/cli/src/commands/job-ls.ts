import { exitCodes, listJobs } from '@angee/core'
import { printDocument } from '../output/document.ts'
import { formatJobs, jobDocument } from '../output/jobs.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** Lists the jobs of the stack, with what is remembered of each. */
export async function jobLs(surface: Surface): Promise<number> {
  return withStack(surface, { events: 'none' }, async ({ stack, progress }) => {
    const jobs = await listJobs(stack)
    progress.end('erase')
    await printDocument(
      surface,
      jobs.map(jobDocument),
      jobs.map(({ job }) => job),
      () => (jobs.length === 0 ? '' : formatJobs(jobs, surface.columns)),
    )
    if (jobs.length === 0 && surface.format === 'table')
      surface.note('no jobs: declare some under jobs: in angee.yaml\n')
    return exitCodes.done
  })
}
