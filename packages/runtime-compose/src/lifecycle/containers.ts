import { AngeeError, type ServiceStatus } from '@angee/core'
import { z } from 'zod'

/** One container of a service, as `docker compose ps` tells it. */
export interface Container {
  id: string
  service: string
  /** 1 for the first of a service. */
  number: number
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
  health: ServiceStatus['health']
  exitCode: number
  /** Of the definition it was made of. */
  configHash: string
  /** Whether dependencies were noted when it was made, and are part of that hash. */
  hasDependencies: boolean
}

const line = z.object({
  ID: z.string(),
  Service: z.string(),
  State: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
  Health: z.enum(['', 'healthy', 'unhealthy', 'starting']).default(''),
  ExitCode: z.number().default(0),
  Labels: z.string().default(''),
})

/**
 * Reads `docker compose ps --all --format json`: one array, or one object on each line. Containers of
 * `docker compose run` are left out: they are nobody's service. RUNTIME_FAILED for anything else.
 */
export function parseContainers(text: string): Container[] {
  const parsed = jsonValues(text).map((value) => line.safeParse(value))
  return parsed.flatMap(({ data, error }) => {
    if (error) throw notUnderstood(text, error)
    if (/com\.docker\.compose\.oneoff=True/.test(data.Labels)) return []
    return {
      id: data.ID,
      service: data.Service,
      number: Number(/com\.docker\.compose\.container-number=(\d+)/.exec(data.Labels)?.[1] ?? 1),
      state: data.State,
      health: data.Health === '' ? 'none' : data.Health,
      exitCode: data.ExitCode,
      configHash: /com\.docker\.compose\.config-hash=(\w+)/.exec(data.Labels)?.[1] ?? '',
      hasDependencies: /com\.docker\.compose\.depends_on=[^,]/.test(data.Labels),
    }
  })
}

/**
 * The container that stands for its service when there are several: the first one that runs, else the first one.
 * Commands run in it, and its state is the service's.
 */
export function mainContainer(containers: readonly Container[], service: string): Container | undefined {
  const own = containers.filter((container) => container.service === service).sort((a, b) => a.number - b.number)
  return own.find(({ state }) => state === 'running') ?? own[0]
}

/** The status of a service from its main container; none means it is absent. */
export function serviceStatus(service: string, container: Container | undefined): ServiceStatus {
  if (container === undefined) return { service, state: 'absent', health: 'none', canExec: false, canStart: true }
  const { state, health } = container
  if (state === 'restarting') return { service, state: 'running', health: 'starting', canExec: false, canStart: true }
  if (state === 'running') return { service, state, health, canExec: true, canStart: true }
  if (state === 'paused') return { service, state, health, canExec: false, canStart: true }
  return { service, state: 'stopped', health: 'none', canExec: false, canStart: true }
}

function jsonValues(text: string): unknown[] {
  const trimmed = text.trim()
  try {
    if (trimmed.startsWith('[')) return JSON.parse(trimmed)
    return trimmed === '' ? [] : trimmed.split('\n').map((one) => JSON.parse(one))
  } catch (cause) {
    throw notUnderstood(text, cause)
  }
}

function notUnderstood(text: string, cause: unknown): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `docker compose ps gave an unknown answer: ${text.slice(0, 200)}`, {
    hint: 'This version of Docker Compose may be newer than this angee: look for an update.',
    cause,
  })
}
