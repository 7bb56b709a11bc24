import type { Context, ServiceStatus } from '@angee/core'
import { hasTaken } from '../definition/taken.ts'
import { unsupervised } from '../leftovers/services.ts'
import type { Place } from '../place.ts'
import { type ProcessEntry, processTable } from '../processes/table.ts'
import { findProgram } from '../server/program.ts'
import { readRecord } from '../server/record.ts'
import type { ProcessState } from '../supervisor/answers.ts'
import { healthOf, phaseOf } from './phase.ts'

/** The services that the server knows, or the file where none runs, and those of the manifest that neither knows. */
export async function statusOf(place: Place, ctx: Context): Promise<ServiceStatus[]> {
  const states = await (await place.find(ctx))?.processes(ctx)
  if (states === undefined) return place.isCompiled() ? statusOfCompiled(place) : statusByHand(place)
  if (!place.isCompiled()) return supervisedStatus(states, place.services)
  // Until the next `up` the server may run what the file names no more, and not know what is new in it.
  const named = Object.keys((await place.definition())?.processes ?? {})
  const inFile = states.filter(({ name }) => named.includes(name))
  const statuses = await supervisedStatus(inFile, [...named, ...place.services])
  return statuses.map((one) => ({ ...one, canStart: one.canStart || named.includes(one.service) }))
}

async function supervisedStatus(
  states: readonly ProcessState[],
  services: readonly string[],
): Promise<ServiceStatus[]> {
  const table = await processTable()
  const known = new Set(states.map(({ name }) => name))
  return [
    ...states.map((state) => statusOfState(state, table)),
    ...[...new Set(services)]
      .filter((service) => !known.has(service))
      .map((service) => withoutServer(service, 'absent')),
  ]
}

/** No server, and nobody but its owner can start one: hooks are all there is. */
async function statusByHand(place: Place): Promise<ServiceStatus[]> {
  const declared = Object.keys((await place.definition())?.processes ?? {})
  return [...new Set([...declared, ...place.services])].map((service) => withoutServer(service, 'stopped'))
}

/** No server, and angee can start one. What one that died has left running counts as running: it writes still. */
async function statusOfCompiled(place: Place): Promise<ServiceStatus[]> {
  const { home, services, own } = place
  const processes = (await place.definition())?.processes ?? {}
  const running = await unsupervised(place)
  const wasUp = readRecord(home) !== undefined
  const installed = findProgram(own) !== undefined
  return [...new Set([...Object.keys(processes), ...services])].map((service) => {
    const declared = processes[service]
    const whole = declared?.takesIn !== true || hasTaken(home, service)
    const state = running.has(service) ? 'running' : wasUp && declared !== undefined ? 'stopped' : 'absent'
    return { service, state, health: 'none', canExec: whole, canStart: whole && installed && declared !== undefined }
  })
}

function withoutServer(service: string, state: 'stopped' | 'absent'): ServiceStatus {
  return { service, state, health: 'none', canExec: true, canStart: false }
}

function statusOfState(state: ProcessState, table: ReadonlyMap<number, ProcessEntry>): ServiceStatus {
  const base = { service: state.name, canExec: true, canStart: true }
  if (phaseOf(state) === 'ended') return { ...base, state: 'stopped', health: 'none' }
  if (phaseOf(state) === 'coming') return { ...base, state: 'running', health: 'starting' }
  const frozen = table.get(state.pid)?.state === 'stopped'
  return { ...base, state: frozen ? 'paused' : 'running', health: healthOf(state) }
}
