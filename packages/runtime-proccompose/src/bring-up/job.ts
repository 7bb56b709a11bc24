import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { AngeeError, type Context, type ExecResult, type HookCommand, type StackDefinition } from '@angee/core'
import { wholeEnvironment } from '../compile/environment.ts'
import { launched } from '../compile/launcher.ts'
import { endGroup } from '../exec/group.ts'
import { runCommand } from '../exec/run.ts'
import { fileSetting } from '../exec/setting.ts'
import { lookUpUser, takeOn } from '../exec/user.ts'
import { processEnd } from '../home.ts'
import { endRun, runVariable, sweepJobs } from '../leftovers/jobs.ts'
import type { Place } from '../place.ts'
import { jobVariable, passedOn, stackVariable } from '../server/environment.ts'

interface Job {
  command: HookCommand
  environment: Readonly<Record<string, string | undefined>>
  directory: string
  user: string | undefined
}

/**
 * Runs a job to its end, with what it writes going to `output`. All it has started has ended when this resolves, and when
 * it rejects. What a job goes on with whose angee has died is ended before. RUNTIME_FAILED for a job that is not there or
 * cannot be started.
 */
export async function runJob(
  place: Place,
  name: string,
  definition: StackDefinition,
  output: Writable | undefined,
  ctx: Context,
): Promise<ExecResult> {
  ctx.signal.throwIfAborted()
  const { command, environment, directory, user } = await findJob(place, name, definition)
  await sweepJobs(place.home, ctx)
  const run = randomUUID()
  const base = place.home.job(name, run)
  await mkdir(dirname(base), { recursive: true, mode: 0o700 })
  const identity = user === undefined ? undefined : await lookUpUser(user)
  const taken = takeOn(identity, user)
  const marks = { [stackVariable]: place.stackRoot, [jobVariable]: name, [runVariable]: run }
  const launch = {
    // Whoever else it runs as may not write where it would write down which process it is.
    command: 'uid' in taken ? command : launched(base, command, { secrets: false }),
    environment: { ...identity?.environment, ...environment, ...marks },
    directory,
    identity: taken,
    afterEnd: async (leader: number) => {
      await endGroup(leader, ctx)
      await endRun(run, ctx)
    },
  }
  try {
    return await runCommand(launch, output === undefined ? {} : { stdout: output, stderr: output }, ctx)
  } finally {
    await endRun(run, { ...ctx, signal: new AbortController().signal })
    await rm(`${base}${processEnd}`, { force: true })
  }
}

/** A job of the manifest; where a person wrote the file, first of all a process of that. */
async function findJob(place: Place, name: string, { jobs, secrets }: StackDefinition): Promise<Job> {
  const written = place.isCompiled() ? undefined : (await place.definition())?.processes[name]
  if (written?.argv !== undefined) {
    return { command: written.argv, user: undefined, ...(await fileSetting(name, place)) }
  }
  const job = jobs.find((one) => one.runtime === 'local' && one.name === name)
  if (job?.command === undefined) throw unknown(name, jobs)
  return {
    command: job.command,
    environment: { ...passedOn(place.own), ...wholeEnvironment(job, secrets) },
    directory: job.workdir ?? place.stackRoot,
    user: job.user,
  }
}

function unknown(job: string, jobs: StackDefinition['jobs']): AngeeError {
  const known = jobs.filter(({ runtime }) => runtime === 'local').map(({ name }) => name)
  return new AngeeError('RUNTIME_FAILED', `${job} is no local job of this stack with a command`, {
    hint: `Local jobs: ${known.join(', ') || 'none'}.`,
    context: { job },
  })
}
