import type { Context } from '@angee/core'
import type { Definition } from '../definition/definition.ts'
import { phaseOf } from '../lifecycle/phase.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/** The name of every process of a file that a person wrote, as the server has them: none shall start by itself. */
export function disabledProcesses({ processes }: Definition): string[] {
  return Object.entries(processes).flatMap(([name, { replicas }]) => replicaNames(name, replicas))
}

/**
 * What has to be started for `names` of such a file: they themselves and all they depend on, which only this file
 * knows. Not what has done its work already, nor what is disabled in it and unknown to the manifest.
 */
export async function startsByHand(
  { processes }: Definition,
  names: readonly string[],
  declared: readonly string[],
  server: Supervisor,
  ctx: Context,
): Promise<string[]> {
  const due = names.filter((name) => declared.includes(name) || processes[name]?.disabled !== true)
  const all = new Set<string>()
  const visit = (name: string) => {
    if (all.has(name)) return
    all.add(name)
    for (const other of processes[name]?.dependsOn ?? []) visit(other)
  }
  for (const name of due) visit(name)
  const states = (await server.processes(ctx)) ?? []
  const done = states.filter(
    (state) => phaseOf(state) === 'ended' && state.status === 'Completed' && state.exit_code === 0,
  )
  return [...all]
    .flatMap((name) => replicaNames(name, processes[name]?.replicas ?? 1))
    .filter((name) => due.includes(name) || !done.some((one) => one.name === name))
}

/** `api-0`, `api-1`, …, in as many digits as the last of them needs. */
function replicaNames(name: string, replicas: number): string[] {
  if (replicas <= 1) return [name]
  const width = 1 + Math.floor(Math.log10(replicas))
  return Array.from({ length: replicas }, (_, at) => `${name}-${String(at).padStart(width, '0')}`)
}
