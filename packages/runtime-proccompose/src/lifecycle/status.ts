import type { ServiceStatus } from '@angee/core'
import { type ProcessEntry, processTable } from '../processes/table.ts'
import type { ProcessState } from '../supervisor/answers.ts'
import { healthOf, phaseOf } from './phase.ts'

/** The services a server knows, and those of the manifest it does not. */
export async function supervisedStatus(
  states: readonly ProcessState[],
  services: readonly string[],
): Promise<ServiceStatus[]> {
  const table = await processTable()
  const known = new Set(states.map(({ name }) => name))
  return [
    ...states.map((state) => statusOf(state, table)),
    ...services.filter((service) => !known.has(service)).map((service) => withoutServer(service, 'absent')),
  ]
}

/** A service that no server can start: hooks are all there is. */
export function withoutServer(service: string, state: 'stopped' | 'absent'): ServiceStatus {
  return { service, state, health: 'none', canExec: true, canStart: false }
}

function statusOf(state: ProcessState, table: ReadonlyMap<number, ProcessEntry>): ServiceStatus {
  const base = { service: state.name, canExec: true, canStart: true }
  if (phaseOf(state) === 'ended') return { ...base, state: 'stopped', health: 'none' }
  if (phaseOf(state) === 'coming') return { ...base, state: 'running', health: 'starting' }
  const frozen = table.get(state.pid)?.state === 'stopped'
  return { ...base, state: frozen ? 'paused' : 'running', health: healthOf(state) }
}
