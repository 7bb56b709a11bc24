import {
  type Context,
  type JobStatus,
  listJobs,
  lockHolder,
  type Stack,
  type StackServiceStatus,
  stackStatus,
  unfinishedOperations,
} from '@angee/core'

/** A service as the API shows it. */
export function serviceFacts({ service, kind, state, health }: StackServiceStatus) {
  return { service, runtime: kind, state, health }
}

/** A job as the API shows it. */
export function jobFacts({ job, kind, mark }: JobStatus) {
  return {
    job,
    runtime: kind ?? null,
    state: mark?.state ?? null,
    doneAt: mark?.state === 'done' ? mark.at : null,
    snapshot: mark?.snapshot ?? null,
  }
}

/** Services, jobs and whoever works on the stack now. Starts and changes nothing. */
export async function statusFacts(stack: Stack, ctx: Context) {
  const services = await stackStatus(stack.runtimes, ctx)
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
}
