import { AngeeError, type Context } from '@angee/core'
import { lastLines } from '../engine/errors.ts'
import type { Container } from './containers.ts'
import type { Project } from './project.ts'

/** Milliseconds between two looks. */
const pause = 250

/**
 * Resolves when every container of the services runs and is healthy or declares no check. SERVICE_NOT_RUNNING, with
 * the exit code and the last log lines, as soon as one has ended or its check has failed for good. One that its
 * restart policy brings back again and again is waited for until the signal aborts.
 */
export async function waitUntilHealthy(project: Project, names: readonly string[], ctx: Context): Promise<void> {
  if (names.length === 0) return ctx.signal.throwIfAborted()
  for (;;) {
    const containers = await project.containers(ctx)
    for (const name of names) {
      const problem = problemOf(containers.filter(({ service }) => service === name))
      if (problem !== undefined) throw await notHealthy(project, name, problem, ctx)
    }
    if (containers.every((container) => !names.includes(container.service) || isReady(container))) return
    await ctx.clock.sleep(pause, ctx.signal)
  }
}

function isReady({ state, health }: Container): boolean {
  return state === 'running' && (health === 'healthy' || health === 'none')
}

/** Why waiting longer is no use, or undefined. */
function problemOf(containers: readonly Container[]): string | undefined {
  if (containers.length === 0) return 'has no container'
  for (const { state, exitCode, health } of containers) {
    if (state === 'exited' || state === 'dead') return `has ended with exit code ${exitCode}`
    if (state === 'created' || state === 'removing') return `is ${state}, not running`
    if (state === 'paused') return 'is paused'
    if (health === 'unhealthy') return 'runs, but its health check fails'
  }
  return undefined
}

async function notHealthy(project: Project, service: string, problem: string, ctx: Context): Promise<AngeeError> {
  const words = project.words('logs', '--no-color', '--no-log-prefix', '--tail', '20', service)
  const { stdout, stderr } = await project.engine.ask(words, ctx, project.environment('look'))
  const log = lastLines(stdout || stderr)
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} ${problem}${log === '' ? '' : `:\n${log}`}`, {
    hint: `See what it says: docker compose logs ${service}`,
    context: { service },
    retry: 'later',
  })
}
