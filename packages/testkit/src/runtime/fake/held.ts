import type { ServiceStatus, Workload } from '@angee/core'
import type { FakeService } from './options.ts'

/** What the fake knows of one service. */
export interface Held {
  told: FakeService
  state: ServiceStatus['state']
  starting: boolean
  made: number
  starts: number
  workload?: Workload
  env: Readonly<Record<string, string>>
  /** What it was made of; undefined until `up` has seen it. */
  shape?: string
}

/** A service of which the fake was told this. */
export function hold(told: FakeService, state: Held['state']): Held {
  return { told, state, starting: false, made: 0, starts: 0, env: {} }
}

/** What its check says once it has had its time. */
export function healthOf({ told, workload }: Held): 'healthy' | 'unhealthy' | 'none' {
  return told.health ?? (workload?.ready === undefined ? 'none' : 'healthy')
}

/** As an engine does: what differs is made anew, what is stopped started, what runs as it should left alone. */
export function bringUp(one: Held, workload: Workload | undefined, env: Readonly<Record<string, string>>): void {
  const { dependsOn: _, ...rest } = workload ?? { dependsOn: [] }
  const shape = JSON.stringify([rest, env])
  const differs = one.shape !== undefined && one.shape !== shape
  Object.assign(one, { shape, env, ...(workload && { workload }) })
  if (one.state === 'absent' || differs) Object.assign(one, { state: 'stopped', made: one.made + 1 })
  if (one.state === 'paused') one.state = 'running'
  start(one)
}

/** Starts one that is stopped or absent; what runs is left alone. */
export function start(one: Held): void {
  if (one.state === 'running') return
  one.starting = healthOf(one) !== 'none'
  one.starts += 1
  one.state = one.told.endsWith === undefined ? 'running' : 'stopped'
}
