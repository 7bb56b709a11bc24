import { AngeeError, type Context } from '@angee/core'
import type { Container } from './containers.ts'
import type { Project } from './project.ts'

/**
 * Starts services. Containers that exist are started as they are, by the engine itself: `docker compose start` would
 * start what they depend on too, and `up` would bring a scaled service back to the number in the file. What does not
 * exist is created without touching anything else; its image is built or pulled only if it is not there.
 */
export async function startServices(project: Project, names: readonly string[], ctx: Context): Promise<void> {
  if (names.length === 0) return ctx.signal.throwIfAborted()
  const own = await containersOf(project, names, ctx)
  const paused = own.filter(({ state }) => state === 'paused')
  const stopped = own.filter(({ state }) => state === 'exited' || state === 'created' || state === 'dead')
  const absent = names.filter((name) => !own.some(({ service }) => service === name))
  await engineCall(project, ['unpause'], paused, ctx)
  await engineCall(project, ['start'], stopped, ctx)
  if (absent.length > 0) {
    await project.make(['up', '--detach', '--no-deps', '--no-recreate', '--quiet-pull', ...absent], ctx)
  }
}

/** Stops services and waits until they have. A stopped or absent one is done already. */
export async function stopServices(project: Project, names: readonly string[], ctx: Context): Promise<void> {
  // Without names, Compose would stop everything.
  if (names.length === 0) return ctx.signal.throwIfAborted()
  await project.look(['stop', ...names], ctx)
}

/** Freezes services. SERVICE_NOT_RUNNING for one that neither runs nor is paused. */
export async function pauseServices(project: Project, names: readonly string[], ctx: Context): Promise<void> {
  const own = await containersOf(project, names, ctx)
  for (const name of names) {
    if (own.some(({ service, state }) => service === name && (state === 'running' || state === 'paused'))) continue
    throw new AngeeError('SERVICE_NOT_RUNNING', `service ${name} does not run, so it cannot be paused`, {
      hint: `Start it: docker compose up -d ${name}`,
      context: { service: name },
    })
  }
  const running = own.filter(({ state }) => state === 'running')
  await engineCall(project, ['pause'], running, ctx)
}

/** Lets paused services go on; others are left as they are. */
export async function resumeServices(project: Project, names: readonly string[], ctx: Context): Promise<void> {
  await resumeContainers(project, await containersOf(project, names, ctx), ctx)
}

/** The same for those of the containers that are paused. */
export async function resumeContainers(project: Project, own: readonly Container[], ctx: Context): Promise<void> {
  const paused = own.filter(({ state }) => state === 'paused')
  await engineCall(project, ['unpause'], paused, ctx)
}

async function containersOf(project: Project, names: readonly string[], ctx: Context): Promise<Container[]> {
  if (names.length === 0) {
    ctx.signal.throwIfAborted()
    return []
  }
  return (await project.containers(ctx)).filter(({ service }) => names.includes(service))
}

async function engineCall(project: Project, words: string[], containers: readonly Container[], ctx: Context) {
  if (containers.length > 0) await project.engine.call([...words, ...containers.map(({ id }) => id)], ctx)
}
