import type { Dependency, Mount, PublishedPort, StackDefinition, Workload } from '@angee/core'
import { merged } from './merge.ts'
import { healthcheck } from './probe.ts'
import { literal, withVariables } from './text.ts'

/** The profile of jobs: `docker compose up` by hand leaves them out. */
export const jobProfile = 'jobs'

const conditions = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const

export type ComposeService = Readonly<Record<string, unknown>>

/** A workload in the words of Compose, with its `engine` keys over the rest. `beside`: what else is in the file. */
export function composeService(
  workload: Workload,
  definition: StackDefinition,
  beside: ReadonlyMap<string, Workload>,
): ComposeService {
  const { name, kind, image, build, command, env, ports, mounts, workdir, user, restart, ready, engine } = workload
  const environment = Object.entries(env).map(([variable, text]) => {
    return [variable, withVariables(text, definition, `${kind}s.${name}.env.${variable}`)]
  })
  const made = {
    profiles: kind === 'job' ? [jobProfile] : undefined,
    image: image === undefined ? undefined : literal(image),
    build,
    command: command === undefined ? undefined : argumentsOf(command).map(literal),
    environment: environment.length === 0 ? undefined : Object.fromEntries(environment),
    ports: ports.length === 0 ? undefined : ports.map(port),
    volumes: mounts.length === 0 ? undefined : mounts.map(volume),
    working_dir: workdir === undefined ? undefined : literal(workdir),
    user: user === undefined ? undefined : literal(user),
    restart: kind === 'job' ? undefined : restart,
    depends_on: dependencies(workload.dependsOn, beside),
    healthcheck: ready === undefined ? undefined : healthcheck(ready),
  }
  return merged(definedOnly(made), engine)
}

function argumentsOf(command: NonNullable<Workload['command']>): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command
}

function port({ address, host, container, protocol }: PublishedPort): Record<string, unknown> {
  return definedOnly({
    target: container,
    published: host === undefined ? undefined : String(host),
    host_ip: address,
    protocol,
  })
}

function volume({ type, source, target, readOnly }: Mount): Record<string, unknown> {
  return definedOnly({
    type,
    source: literal(source),
    target: literal(target),
    read_only: readOnly ? true : undefined,
    // The engine would make an empty directory, owned by root, in place of one that is missing by mistake.
    bind: type === 'bind' ? { create_host_path: false } : undefined,
  })
}

/** Those in the same file; the others are waited for by who brings the stack up. */
function dependencies(all: readonly Dependency[], beside: ReadonlyMap<string, Workload>) {
  const here = all.flatMap(({ name, condition }) => {
    const target = beside.get(name)
    if (target === undefined) return []
    // One that its profile leaves out must not make the file invalid.
    const required = target.kind === 'job' || 'profiles' in target.engine ? { required: false } : {}
    return [[name, { condition: conditions[condition], ...required }]]
  })
  return here.length === 0 ? undefined : Object.fromEntries(here)
}

function definedOnly(keys: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined))
}
