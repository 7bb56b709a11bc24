import { AngeeError, type StackDefinition } from '@angee/core'
import { homeOf } from '../home.ts'
import { compiledText } from './document.ts'
import { wholeEnvironment } from './environment.ts'
import { compileProcess } from './process.ts'
import { refuseImpossible } from './refuse.ts'

/** All that process-compose needs to run a stack. */
export interface CompiledStack {
  /** `process-compose.yaml`. Holds no secret. */
  text: string
  /** By the name of the service: what its process takes in when it starts. Only where there is something. */
  environments: ReadonlyMap<string, string>
}

/**
 * Compiles the local services of a stack. The same definition gives the same text. Its local jobs are only checked:
 * angee runs those itself. MANIFEST_INVALID names what process-compose cannot do.
 */
export function compileStack(definition: StackDefinition): CompiledStack {
  refuseTemplate(definition.stackRoot)
  const home = homeOf(definition.stackRoot)
  const services = new Map(definition.services.filter(isLocal).map((service) => [service.name, service]))
  const compiled = [...services.values()].map(
    (service) => [service.name, compileProcess(service, services, definition, home)] as const,
  )
  for (const job of definition.jobs.filter(isLocal)) {
    // Without a command it is angee's own: a restore job.
    if (job.command === undefined) continue
    refuseImpossible(job)
    wholeEnvironment(job, definition.secrets)
  }
  const text = compiledText({
    version: '0.5',
    is_tui_disabled: true,
    shell: { shell_command: '/bin/sh', shell_argument: '-c' },
    processes: Object.fromEntries(compiled.map(([name, { declared }]) => [name, declared])),
  })
  const closed = compiled.filter(([, { environment }]) => environment !== '')
  return { text, environments: new Map(closed.map(([name, { environment }]) => [name, environment])) }
}

function isLocal({ runtime }: { runtime: string }): boolean {
  return runtime === 'local'
}

function refuseTemplate(stackRoot: string): void {
  if (!stackRoot.includes('{{')) return
  throw new AngeeError('MANIFEST_INVALID', `process-compose takes the path ${stackRoot} for a template`, {
    hint: 'Move the stack to a path without {{.',
    context: { stackRoot },
  })
}
