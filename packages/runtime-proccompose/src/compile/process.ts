import type { StackDefinition, Workload } from '@angee/core'
import { environmentEnd, type Home } from '../home.ts'
import { sortEnvironment } from './environment.ts'
import { launched } from './launcher.ts'
import { readinessProbe, readyWithin } from './probe.ts'
import { refuseImpossible } from './refuse.ts'
import { exportLines, quoted } from './shell.ts'

/** A service as process-compose is told of it. */
export interface CompiledProcess {
  /** What stands under its name in the file. Holds no secret. */
  declared: Record<string, unknown>
  /** What its process takes in when it starts, as a shell reads it; empty when there is nothing to hide. */
  environment: string
}

/** Under which key of a process angee keeps what process-compose has no words for. */
export const ownKey = 'x-angee'

/** Seconds. A database writes to disk what it has in memory, and that takes the time it takes. */
const shutdownTimeout = 60

const conditions = {
  started: 'process_started',
  healthy: 'process_healthy',
  completed: 'process_completed_successfully',
} as const

/** `neighbours`: the services that stand in the same file. MANIFEST_INVALID for what process-compose cannot do. */
export function compileProcess(
  workload: Workload,
  neighbours: ReadonlyMap<string, Workload>,
  { secrets, stackRoot }: Pick<StackDefinition, 'secrets' | 'stackRoot'>,
  home: Home,
): CompiledProcess {
  refuseImpossible(workload)
  const { name, command = [], ready, restart = 'no', engine } = workload
  const base = home.service(name)
  const { open, odd, closed } = sortEnvironment(workload, secrets)
  const environment = exportLines(closed)
  const takeIn = environment === '' ? '' : `. ${quoted(`${base}${environmentEnd}`)} && `
  const declared = {
    // Started one by one, in the order of the manifest's dependencies: angee stack up.
    disabled: true,
    is_dotenv_disabled: true,
    entrypoint: launched(base, command, { secrets: environment !== '', odd }),
    working_dir: workload.workdir ?? stackRoot,
    ...optional('environment', pairs(open)),
    ...optional('depends_on', dependencies(workload, neighbours)),
    ...(ready === undefined ? {} : { readiness_probe: readinessProbe(ready, takeIn) }),
    availability: { restart: restart === 'on-failure' ? 'on_failure' : restart === 'no' ? 'no' : 'always' },
    shutdown: { timeout_seconds: shutdownTimeout },
    log_location: `${home.logs}/${encodeURIComponent(name)}.log`,
    log_configuration: {
      disable_json: true,
      no_metadata: true,
      no_color: true,
      add_timestamp: true,
      flush_each_line: true,
    },
    ...optional(ownKey, own(ready, environment)),
    ...engine,
  }
  return { declared, environment }
}

/** What this package reads again from the file. */
function own(ready: Workload['ready'], environment: string): Record<string, unknown> {
  return {
    ...(ready === undefined ? {} : { ready_within: readyWithin(ready) }),
    ...(environment === '' ? {} : { takes_in: true }),
  }
}

function dependencies({ dependsOn }: Workload, neighbours: ReadonlyMap<string, Workload>): Record<string, unknown> {
  return Object.fromEntries(
    dependsOn.flatMap(({ name, condition }): [string, object][] => {
      const other = neighbours.get(name)
      if (other === undefined) return []
      // process-compose gives a process up that waits for the health of one without a probe.
      const kept = condition === 'healthy' && other.ready === undefined ? 'started' : condition
      return [[name, { condition: conditions[kept] }]]
    }),
  )
}

function pairs(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`)
}

function optional(key: string, value: object): Record<string, unknown> {
  return Object.keys(value).length === 0 ? {} : { [key]: value }
}
