import type { Context } from '@angee/core'
import { isOfDirectory, type Labelled, labelledContainers } from '../lifecycle/labelled.ts'
import type { Project } from '../lifecycle/project.ts'
import { isGone } from './owner.ts'

/** Seconds that a job which was asked to end may take before it is killed. */
const grace = 5
/** Milliseconds after which a start that was under way when the client was killed has shown itself. */
const startUnderWay = 500

/**
 * Ends and removes the container of a job, with all that runs in it. What the client had asked for when it was killed may
 * appear only now: it is looked for until nothing comes any more.
 */
export async function removeJob(
  { engine }: Project,
  mark: string,
  started: boolean,
  { clock }: Pick<Context, 'clock'>,
): Promise<void> {
  // Called also when the signal of the call has aborted.
  const toTheEnd = { signal: new AbortController().signal }
  const look = () => labelledContainers(engine, { job: mark }, toTheEnd)
  for (let first = true; ; first = false) {
    const left = await look()
    await remove({ engine }, left, toTheEnd)
    if (left.length === 0 && (started || !first)) return
    if (!started) await clock.sleep(startUnderWay)
  }
}

/** Removes jobs of this stack whose process has ended without doing so. */
export async function sweepLostJobs(project: Project, ctx: Context): Promise<void> {
  const lost: Labelled[] = []
  for (const one of await labelledContainers(project.engine, { job: '' }, ctx)) {
    if (isGone(one.owner) && (await isOfDirectory(one, project.directory()))) lost.push(one)
  }
  if (lost.length > 0)
    ctx.logger.info('removing jobs whose process has ended', { containers: lost.map(({ id }) => id) })
  await remove(project, lost, ctx)
}

async function remove(
  { engine }: Pick<Project, 'engine'>,
  containers: readonly Labelled[],
  ctx: Pick<Context, 'signal'>,
): Promise<void> {
  if (containers.length === 0) return
  const ids = containers.map(({ id }) => id)
  await engine.call(['stop', '--time', String(grace), ...ids], ctx)
  await engine.call(['rm', '--force', '--volumes', ...ids], ctx)
}
