import { exitCodes, listJobs, lockHolder, stackStatus as readStatus, unfinishedOperations } from '@angee/core'
import { printDocument } from '../output/document.ts'
import { formatJobs, type JobFacts, jobFacts } from '../output/jobs.ts'
import { formatServices, type ServiceFacts, serviceFacts } from '../output/services.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** How a stack is. */
export interface StatusFacts {
  name: string
  root: string
  services: ServiceFacts[]
  jobs: JobFacts[]
  /** Who holds its lock. */
  working: { operation: string; id: string; since: string } | null
  interrupted: { id: string; type: string }[]
}

/** Prints services, jobs and whoever works on the stack now. Starts and changes nothing. */
export async function stackStatus(surface: Surface): Promise<number> {
  const facts = await withStack(surface, { events: 'none' }, async ({ stack, ctx }): Promise<StatusFacts> => {
    const services = await readStatus(stack.runtimes, ctx)
    const jobs = await listJobs(stack)
    const holder = lockHolder(stack.place.stateDirectory)
    const unfinished = holder === undefined ? await unfinishedOperations(stack) : []
    return {
      name: stack.name,
      root: stack.place.root,
      services: services.map(serviceFacts),
      jobs: jobs.map(jobFacts),
      working: holder === undefined ? null : { operation: holder.operation, id: holder.id, since: holder.since },
      interrupted: unfinished.map(({ id, type }) => ({ id, type })),
    }
  })
  return printStatus(surface, facts)
}

/** Prints how a stack is. */
export async function printStatus(surface: Surface, facts: StatusFacts): Promise<number> {
  const { name, root, services, jobs, working, interrupted } = facts
  await printDocument(
    surface,
    facts,
    services.map(({ service }) => service),
    () =>
      [
        `${plainText(`${name} in ${root}`)}\n`,
        ...(services.length === 0 ? ['no services\n'] : ['\n', formatServices(services, surface.columns)]),
        ...(jobs.length === 0 ? [] : ['\n', formatJobs(jobs, surface.columns)]),
      ].join(''),
  )
  if (working) surface.note(`\nnote: ${working.operation} ${working.id} is at work since ${working.since}\n`)
  for (const { type, id } of interrupted) {
    surface.note(`\nnote: a ${type} was interrupted (${id}); the next command that changes something deals with it\n`)
  }
  return exitCodes.done
}
