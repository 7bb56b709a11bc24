import type { Warning } from '@angee/core'
import { api } from '@angee/operator/client'
import { printJobs } from '../commands/job-ls.ts'
import { printJobRun } from '../commands/job-run.ts'
import { printDown, question } from '../commands/stack-down.ts'
import { printStatus } from '../commands/stack-status.ts'
import { printUp } from '../commands/stack-up.ts'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import type { JobFacts } from '../output/jobs.ts'
import type { Surface } from '../surface.ts'
import { withOperator } from './connect.ts'

export async function stackUp(
  surface: Surface,
  services: readonly string[],
  { wait }: { wait: boolean },
): Promise<number> {
  const begun = performance.now()
  const body = { ...(services.length === 0 ? {} : { services: [...services] }), wait }
  return withOperator(surface, 'lines', async ({ run, progress }) => {
    const facts = await run('up', api.stack.bringUp, { body })
    progress.end('erase')
    const warnings: readonly Warning[] = progress.warnings
    return printUp(surface, facts, Math.round(performance.now() - begun), warnings)
  })
}

export async function stackDown(
  surface: Surface,
  _: readonly string[],
  { volumes }: { volumes?: true },
): Promise<number> {
  if (volumes) requireSomeoneToAsk(surface, question)
  const done = await withOperator(surface, 'lines', async ({ run, signal }) => {
    if (volumes && !(await confirmed(surface, question, signal))) throw declined()
    return run('down', api.stack.takeDown, { body: { volumes: volumes === true } })
  })
  return printDown(surface, done.name, done.volumes)
}

export async function stackStatus(surface: Surface): Promise<number> {
  const facts = await withOperator(surface, 'none', ({ client }) => client.call(api.stack.status))
  return printStatus(surface, { ...facts, jobs: facts.jobs.map(jobOf) })
}

export async function jobLs(surface: Surface): Promise<number> {
  const { jobs } = await withOperator(surface, 'none', ({ client }) => client.call(api.stack.listJobs))
  return printJobs(surface, jobs.map(jobOf))
}

export async function jobRun(
  surface: Surface,
  [name = '']: readonly string[],
  { again }: { again?: true },
): Promise<number> {
  const begun = performance.now()
  const { ran } = await withOperator(surface, 'lines', ({ run }) =>
    run('job', api.stack.runJob, { params: { name }, body: { again: again === true } }),
  )
  return printJobRun(surface, name, ran, Math.round(performance.now() - begun))
}

function jobOf({ doneAt, ...job }: Omit<JobFacts, 'done_at'> & { doneAt: string | null }): JobFacts {
  const { job: name, runtime, state, snapshot } = job
  return { job: name, runtime, state, done_at: doneAt, snapshot }
}
