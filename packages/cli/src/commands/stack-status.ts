import {
  exitCodes,
  type JobStatus,
  listJobs,
  lockHolder,
  stackStatus as readStatus,
  unfinishedOperations,
} from '@angee/core'
import { printDocument } from '../output/document.ts'
import { formatJobs, jobDocument } from '../output/jobs.ts'
import { formatServices, serviceDocuments } from '../output/services.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** Prints services, jobs and whoever works on the stack now. Starts and changes nothing. */
export async function stackStatus(surface: Surface): Promise<number> {
  return withStack(surface, { events: 'none' }, async ({ stack, ctx, progress }) => {
    const services = await readStatus(stack.runtimes, ctx)
    const jobs: JobStatus[] = await listJobs(stack)
    const holder = lockHolder(stack.place.stateDirectory)
    const unfinished = holder === undefined ? await unfinishedOperations(stack) : []
    progress.end('erase')
    const value = {
      name: stack.name,
      root: stack.place.root,
      services: serviceDocuments(services),
      jobs: jobs.map(jobDocument),
      working: holder === undefined ? null : { operation: holder.operation, id: holder.id, since: holder.since },
      interrupted: unfinished.map(({ id, type }) => ({ id, type })),
    }
    await printDocument(
      surface,
      value,
      services.map(({ service }) => service),
      () =>
        [
          `${plainText(`${stack.name} in ${stack.place.root}`)}\n`,
          ...(services.length === 0 ? ['no services\n'] : ['\n', formatServices(services, surface.columns)]),
          ...(jobs.length === 0 ? [] : ['\n', formatJobs(jobs, surface.columns)]),
        ].join(''),
    )
    if (holder) surface.note(`\nnote: ${holder.operation} ${holder.id} is at work since ${holder.since}\n`)
    for (const { type, id } of unfinished) {
      surface.note(`\nnote: a ${type} was interrupted (${id}); the next command that changes something deals with it\n`)
    }
    return exitCodes.done
  })
}
