import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import type { ProcessState } from '../supervisor/answers.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { logsCommand, serverGone, stateOf } from './common.ts'
import { phaseOf } from './phase.ts'

/**
 * Waits until services run and are ready by their probe or their ready_log_line. SERVICE_NOT_RUNNING as soon as one
 * has ended: the server's own `is-ready` would count it as ready; and when one is not ready within the seconds that
 * `limit` gives for it.
 */
export async function waitUntilHealthy(
  server: Supervisor,
  services: readonly string[],
  limit: (service: string) => number | undefined,
  ctx: Context,
): Promise<void> {
  const begun = ctx.clock.now()
  for (const service of services) {
    const info = await server.info(service, ctx)
    if (info === undefined) throw serverGone(server)
    const says = Boolean(info.readyLogLine)
    const seconds = limit(service) ?? Number.POSITIVE_INFINITY
    while (!isHealthy(await livingState(server, service, ctx), says)) {
      if (ctx.clock.now() - begun >= seconds * 1000) throw notReady(server, service, seconds)
      await ctx.clock.sleep(100, ctx.signal)
    }
  }
  // The first may have ended while the last was waited for.
  for (const service of services) await livingState(server, service, ctx)
}

/** `says`: a line of its log tells when it is ready, which the list of processes does not show as a probe. */
function isHealthy(state: ProcessState, says: boolean): boolean {
  if (state.status !== 'Running' && state.status !== 'Launched') return false
  return state.is_ready === 'Ready' || (state.is_ready === '-' && !state.has_ready_probe && !says)
}

async function livingState(server: Supervisor, service: string, ctx: Context): Promise<ProcessState> {
  const state = await stateOf(server, service, ctx)
  if (phaseOf(state) === 'active' || phaseOf(state) === 'coming') return state
  throw notRunning(
    service,
    `${state.status}, exit code ${state.exit_code}`,
    `Look at why: ${logsCommand(server, service)}`,
  )
}

function notReady(server: Supervisor, service: string, seconds: number): AngeeError {
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} is not healthy after ${seconds} s`, {
    hint: `Look at why: ${logsCommand(server, service)}. Give it longer with ready.start_period.`,
    context: { service },
    retry: 'later',
  })
}

export function notRunning(service: string, what: string, hint: string): AngeeError {
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} does not run: ${what}`, {
    hint,
    context: { service },
    retry: 'later',
  })
}
