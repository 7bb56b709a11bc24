import type { Writable } from 'node:stream'
import { AngeeError, type Context, type ExecResult, isAngeeError, type StackDefinition } from '@angee/core'
import { withImage } from '../lifecycle/missing-image.ts'
import type { Project } from '../lifecycle/project.ts'
import { removeJob, sweepLostJobs } from './containers.ts'
import { follow } from './follow.ts'
import { ownerLabel } from './owner.ts'

/**
 * Runs a job in a container of its own, which is gone when the call settles. The container is started detached and its
 * log followed: what `docker compose run` is attached to can lose the end of the output, and outlives a killed client.
 */
export async function runJob(
  project: Project,
  job: string,
  definition: StackDefinition,
  output: Writable | undefined,
  ctx: Context,
): Promise<ExecResult> {
  ctx.signal.throwIfAborted()
  project.remember(definition)
  await sweepLostJobs(project, ctx)
  const mark = Buffer.from(ctx.random(new Uint8Array(16))).toString('hex')
  let container: string | undefined
  try {
    container = await start(project, job, definition, mark, ctx)
    return await follow(project.engine, container, output, ctx)
  } finally {
    await removeJob(project, mark, container !== undefined, ctx)
  }
}

/** The id of the container, in which the job runs or has run. */
async function start(
  project: Project,
  job: string,
  definition: StackDefinition,
  mark: string,
  ctx: Context,
): Promise<string> {
  const isBuilt = definition.jobs.some(({ name, build }) => name === job && build !== undefined)
  const build = isBuilt && project.source().origin === 'compiled' ? ['--build'] : []
  const flags = ['--detach', '--no-deps', '--no-TTY', '--interactive=false', '--quiet-pull', ...build]
  const labels = [`--label=angee.job=${mark}`, `--label=angee.owner=${ownerLabel()}`]
  try {
    const call = () => project.make(['run', ...flags, ...labels, job], ctx)
    const said = (await withImage(project, [job], ctx, call)).trim()
    return said.slice(said.lastIndexOf('\n') + 1)
  } catch (error) {
    throw isAngeeError(error, 'RUNTIME_FAILED') && !ctx.signal.aborted ? notStarted(job, error) : error
  }
}

function notStarted(job: string, cause: AngeeError): AngeeError {
  const said = cause.message.replace(/^docker .*? ended with [^:]*: /s, '')
  return new AngeeError('RUNTIME_FAILED', `job ${job} cannot be started: ${said}`, {
    hint: cause.hint ?? 'Correct the definition of the job.',
    context: { ...cause.context, job },
    retry: cause.retry,
    cause,
  })
}
