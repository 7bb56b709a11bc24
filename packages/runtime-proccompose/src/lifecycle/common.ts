import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import type { ProcessState } from '../supervisor/answers.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { dependencyOrder } from './order.ts'

/** Services the server knows, each after those it depends on. RUNTIME_FAILED for one it does not know. */
export async function inDependencyOrder(
  server: Supervisor,
  services: readonly string[],
  ctx: Context,
): Promise<string[]> {
  const dependencies = new Map<string, string[]>()
  for (const service of services) {
    const info = await server.info(service, ctx)
    if (info === undefined) throw serverGone(server)
    dependencies.set(service, Object.keys(info.dependsOn ?? {}))
  }
  return dependencyOrder(services, dependencies)
}

/** What the server says of one process. */
export async function stateOf(server: Supervisor, service: string, ctx: Context): Promise<ProcessState> {
  const states = await server.processes(ctx)
  if (states === undefined) throw serverGone(server)
  const state = states.find(({ name }) => name === service)
  if (state !== undefined) return state
  throw new AngeeError('RUNTIME_FAILED', `process-compose has no process ${service}`, {
    hint: `Processes: ${states.map(({ name }) => name).join(', ') || 'none'}.`,
    context: { service },
  })
}

/** The command that shows what a process has written. */
export function logsCommand({ address }: Pick<Supervisor, 'address'>, service: string): string {
  const at = /^http:.*:(\d+)$/.exec(address)
  return `process-compose process logs ${service} ${at === null ? `-u ${address}` : `-p ${at[1]}`}`
}

/** Why the server may not be there any more. */
export function serverGone(server: Pick<Supervisor, 'address'>): AngeeError {
  return new AngeeError('RUNTIME_UNAVAILABLE', `no process-compose server answers at ${server.address}`, {
    hint: 'Bring the stack up: angee stack up. One that you start yourself ends with its last process, unless with --keep-project.',
    context: { address: server.address },
    retry: 'later',
  })
}
