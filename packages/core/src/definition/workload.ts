import { isAbsolute, resolve } from 'node:path'
import type { Dependency, HookCommand, ReadyCheck, ReadyProbe, SecretText, Workload } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { type Lookup, plain, substituteSecrets } from '../substitute/index.ts'
import { lookupFor, type Names } from './lookup.ts'
import { directoryOf, parseMount } from './mounts.ts'
import { parsePort, portNumber } from './ports.ts'
import type { BringUpDocument, DeclaredWorkload } from './schema.ts'

/** A service or job with everything resolved. MANIFEST_INVALID names the key and what is wrong with it. */
export function toWorkload(names: Names, kind: 'service' | 'job', name: string, declared: DeclaredWorkload): Workload {
  const at = `${kind}s.${name}`
  const lookup = lookupFor(names, { name, workload: declared }, at)
  const filled = (text: string, key: string) => plain(substituteSecrets(text, lookup, `${at}.${key}`), `${at}.${key}`)
  const { runtime, image, build, command, workdir, user, mounts, ports } = declared
  return {
    name,
    kind,
    runtime,
    ...(image === undefined ? {} : { image: filled(image, 'image') }),
    ...(build === undefined ? {} : { build: toBuild(build, names.places.stackRoot, filled) }),
    ...(command === undefined ? {} : { command: toCommand(command, 'command', filled) }),
    env: toEnvironment(declared.env, lookup, at),
    ports: ports.map((port) => parsePort(filled(portText(port), 'ports'), `${at}.ports`)),
    mounts: mounts.map((mount) => parseMount(filled(mount, 'mounts'), names.places, `${at}.mounts`)),
    ...toWorkdir(names, runtime, workdir === undefined ? undefined : filled(workdir, 'workdir'), at),
    ...(user === undefined ? {} : { user: filled(String(user), 'user') }),
    ...('restart' in declared && typeof declared.restart === 'string' ? { restart: declared.restart as 'always' } : {}),
    dependsOn: dependenciesOf(names.document, declared, at),
    ...('ready' in declared && declared.ready ? { ready: toProbe(declared.ready as DeclaredReady, filled) } : {}),
    engine: declared.engine,
  }
}

type DeclaredReady = NonNullable<BringUpDocument['services'][string]['ready']>
type Fill = (text: string, key: string) => string

function toBuild(build: NonNullable<DeclaredWorkload['build']>, root: string, filled: Fill): Record<string, unknown> {
  const keys = typeof build === 'string' ? { context: build } : build
  return { ...keys, context: resolve(root, filled(String(keys['context'] ?? '.'), 'build.context')) }
}

function toCommand(command: HookCommand, key: string, filled: Fill): HookCommand {
  return typeof command === 'string' ? filled(command, key) : command.map((word) => filled(word, key))
}

function toEnvironment(env: DeclaredWorkload['env'], lookup: Lookup, at: string): Record<string, SecretText> {
  const entries = Array.isArray(env)
    ? env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
    : Object.entries(env).map(([name, value]) => [name, value === null ? '' : String(value)] as const)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, substituteSecrets(value, lookup, `${at}.env.${name}`)]),
  )
}

function portText(port: DeclaredWorkload['ports'][number]): string {
  if (typeof port !== 'object') return String(port)
  const { target, published, protocol } = port as { target: unknown; published?: unknown; protocol?: unknown }
  const host = published === undefined ? '' : `${published}:`
  return `${host}${target}${protocol === undefined ? '' : `/${protocol}`}`
}

function toWorkdir(names: Names, runtime: Workload['runtime'], given: string | undefined, at: string) {
  const { stackRoot } = names.places
  if (runtime === 'container') return given === undefined ? {} : { workdir: given }
  if (given === undefined) return { workdir: stackRoot }
  const [, scheme, source] = /^(persist|source|bind|workspace):\/\/(.+)$/.exec(given) ?? []
  if (scheme !== undefined) return { workdir: directoryOf(scheme, source ?? '', names.places, `${at}.workdir`) }
  return { workdir: isAbsolute(given) ? given : resolve(stackRoot, given) }
}

/** `depends_on` and `after` mean the same; a probe of the other makes it a wait for health, a job one for its end. */
function dependenciesOf(document: BringUpDocument, declared: DeclaredWorkload, at: string): Dependency[] {
  const named = [declared.depends_on, declared.after].flatMap((list) =>
    Array.isArray(list)
      ? list.map((name) => ({ name, asked: undefined }))
      : Object.entries(list).map(([name, value]) => ({ name, asked: value?.condition })),
  )
  return named.map(({ name, asked }): Dependency => {
    if (document.jobs[name] !== undefined) return { name, condition: 'completed' }
    const target = document.services[name]
    if (asked === 'service_completed_successfully') {
      throw new AngeeError('MANIFEST_INVALID', `${at} waits for the end of ${name}, which is a service`, {
        hint: `Declare ${name} under jobs: a service is not expected to end.`,
      })
    }
    const healthy = asked === 'service_healthy' || (asked !== 'service_started' && target?.ready !== undefined)
    return { name, condition: healthy ? 'healthy' : 'started' }
  })
}

function toProbe({ interval, timeout, retries, start_period, ...check }: DeclaredReady, filled: Fill): ReadyProbe {
  return {
    ...toCheck(check, filled),
    interval: milliseconds(interval),
    timeout: milliseconds(timeout),
    retries,
    startPeriod: milliseconds(start_period),
  }
}

function toCheck({ http, tcp, cmd, file }: Partial<DeclaredReady>, filled: Fill): ReadyCheck {
  const port = (value: string | number) => portNumber(filled(String(value), 'ready'), 'ready')
  if (http) return { http: { port: port(http.port), path: filled(http.path, 'ready.http.path') } }
  if (tcp) return { tcp: { port: port(tcp.port) } }
  if (cmd !== undefined) return { cmd: toCommand(cmd, 'ready.cmd', filled) }
  return { file: filled(file ?? '', 'ready.file') }
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Of a duration such as `1m30s`. */
function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  )
}
