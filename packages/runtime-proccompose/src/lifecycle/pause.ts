import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import { processFacts } from '../processes/facts.ts'
import { signalFamily } from '../processes/signal.ts'
import { processTable } from '../processes/table.ts'
import type { ProcessState } from '../supervisor/answers.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { serverGone, stateOf } from './common.ts'
import { phaseOf } from './phase.ts'

/** Freezes services with all their processes, those in sessions of their own included. */
export async function pauseServices(server: Supervisor, services: readonly string[], ctx: Context): Promise<void> {
  for (const service of services) {
    const state = await stateOf(server, service, ctx)
    if (phaseOf(state) !== 'active' || state.pid === 0) {
      throw new AngeeError(
        'SERVICE_NOT_RUNNING',
        `service ${service} cannot be paused: its status is ${state.status}`,
        {
          hint: 'Start it, and try again.',
          context: { service, status: state.status },
        },
      )
    }
    await requireSameMachine(state)
    await signalFamily(state.pid, 'SIGSTOP')
  }
}

/** Which of these services are frozen. */
export async function frozenOnes(server: Supervisor, services: readonly string[], ctx: Context): Promise<string[]> {
  const table = await processTable()
  const states = (await server.processes(ctx)) ?? []
  return states
    .filter(({ name, pid }) => services.includes(name) && table.get(pid)?.state === 'stopped')
    .map(({ name }) => name)
}

/** Lets services go on. One that is not paused, not running or not known is left as it is. */
export async function resumeServices(server: Supervisor, services: readonly string[], ctx: Context): Promise<void> {
  const states = await server.processes(ctx)
  if (states === undefined) throw serverGone(server)
  for (const state of states) {
    if (!services.includes(state.name) || phaseOf(state) === 'ended' || state.pid === 0) continue
    await requireSameMachine(state)
    await signalFamily(state.pid, 'SIGCONT')
  }
}

/**
 * Signals go to a number, and a server inside a container tells numbers of another name space: the process must carry
 * the name the server gave it, or be the child of a process-compose here.
 */
async function requireSameMachine({ name, pid }: ProcessState): Promise<void> {
  const given = processFacts(pid).environment?.['PC_PROC_NAME']
  if (given !== undefined && (name === given || name.startsWith(`${given}-`))) return
  const parent = (await processTable()).get(pid)?.parent
  // The program, or the interpreter of one and then the program.
  const command = parent === undefined ? undefined : processFacts(parent).arguments?.slice(0, 2)
  // Where the kernel tells nothing of other processes there is nothing to check with.
  if (process.platform !== 'linux' || command?.some((word) => word.includes('process-compose'))) return
  throw new AngeeError('RUNTIME_FAILED', `process ${pid} of this machine is not ${name} of process-compose`, {
    hint: 'Run angee in the same container or name space as process-compose, or use quiesce: stop.',
    context: { service: name, pid },
  })
}
