import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { inDependencyOrder, logsCommand, serverGone, stateOf } from './common.ts'
import { phaseOf } from './phase.ts'

/** How often a start may be refused: a process that has just ended counts as running for a moment longer. */
const patience = 50

/**
 * Starts services one after the other, each after those of them it depends on: the server gives a process up whose
 * dependency it saw end and not yet start again.
 */
export async function startServices(server: Supervisor, services: readonly string[], ctx: Context): Promise<void> {
  for (const service of await inDependencyOrder(server, services, ctx)) await startOne(server, service, ctx)
}

async function startOne(server: Supervisor, service: string, ctx: Context): Promise<void> {
  let started = false
  for (let refusals = 0; ; ) {
    const state = await stateOf(server, service, ctx)
    if (phaseOf(state) === 'active') return
    if (phaseOf(state) === 'ended') {
      if (started) return requireStarted(server, service, state.status)
      const answer = await server.start(service, ctx)
      if (answer === undefined) throw serverGone(server)
      started = answer.refused === undefined
      if (answer.refused !== undefined) refusals += 1
      if (refusals > patience) throw refusedStart(service, answer.refused ?? '')
    }
    await ctx.clock.sleep(100, ctx.signal)
  }
}

function refusedStart(service: string, words: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `process-compose refuses to start ${service}: ${words}`, {
    hint: 'Look into the log of process-compose.',
    context: { service },
  })
}

/** A process that has run and ended, as a one-shot does, was started; one that could not run was not. */
function requireStarted(server: Supervisor, service: string, status: string): void {
  if (status === 'Completed' || status === 'Scheduled' || status === 'Watching') return
  throw new AngeeError('RUNTIME_FAILED', `process-compose did not start ${service}: its status is ${status}`, {
    hint: `Look at why: ${logsCommand(server, service)}`,
    context: { service, status },
  })
}
