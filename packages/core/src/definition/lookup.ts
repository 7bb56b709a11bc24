import { join } from 'node:path'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'
import type { Lookup } from '../substitute/index.ts'
import type { MountPlaces } from './mounts.ts'
import { parsePort } from './ports.ts'
import type { BringUpDocument, DeclaredWorkload } from './schema.ts'

/** What `${…}` can mean in a stack, before it is known who asks. */
export interface Names {
  document: BringUpDocument
  places: MountPlaces
  /** Names of secrets that have a value. */
  secrets: ReadonlySet<string>
}

const namespaces = ['secret', 'service', 'ports', 'persist', 'inputs', 'source', 'workspace', 'operator', 'name']

/** The lookup for the keys of one service or job. `where` is for messages. */
export function lookupFor(names: Names, asking: { name: string; workload: DeclaredWorkload }, where: string): Lookup {
  const { document, places, secrets } = names
  return ([namespace = '', name = '', ...rest]) => {
    if (namespace === 'name') return asking.name
    if (namespace === 'secret') return secrets.has(name) ? { secret: name } : unknown('secret', name, secrets, where)
    if (namespace === 'persist')
      return places.persist.get(name) ?? unknown('persist', name, places.persist.keys(), where)
    if (namespace === 'ports') return portOf(document, name)
    if (namespace === 'inputs') return text(document.inputs[name])
    if (namespace === 'source') return rest[0] === 'path' ? places.sources.get(name) : undefined
    if (namespace === 'workspace') return rest[0] === 'path' ? join(places.stackRoot, 'workspaces', name) : undefined
    if (namespace === 'operator') return name === 'url' || name === 'domain' ? document.operator[name] : undefined
    if (namespace === 'service') return addressOf(names, asking.workload, name, rest[0] ?? '', where)
    throw new AngeeError(
      'MANIFEST_INVALID',
      `${where}: \${${[namespace, name, ...rest].join('.')}} means nothing here`,
      {
        hint: `${didYouMean(namespace, namespaces)}There are: ${namespaces.join(', ')}. For a shell write $\${….`,
      },
    )
  }
}

function portOf(document: BringUpDocument, name: string): string | undefined {
  const declared = document.ports[name]
  return text(typeof declared === 'object' ? declared.value : declared)
}

/** Where `asking` reaches a service: by its name among containers, else on this machine. */
function addressOf(
  names: Names,
  asking: DeclaredWorkload,
  name: string,
  what: string,
  where: string,
): string | undefined {
  const target = names.document.services[name]
  if (target === undefined) return unknown('service', name, Object.keys(names.document.services), where)
  const inside = asking.runtime === 'container' && target.runtime === 'container'
  const host = inside ? name : asking.runtime === 'container' ? 'host.docker.internal' : '127.0.0.1'
  if (what === 'host') return host
  const [first] = target.ports
  if (first === undefined) return undefined
  const resolved = String(typeof first === 'object' ? first.target : first).replace(
    /\$\{ports\.([\w-]+)\}/g,
    (all, port) => portOf(names.document, port) ?? all,
  )
  const port = parsePort(resolved, `services.${name}.ports`)
  const number = inside ? port.container : (port.host ?? port.container)
  if (what === 'port') return String(number)
  return what === 'url' ? `http://${host}:${number}` : undefined
}

function unknown(namespace: string, name: string, known: Iterable<string>, where: string): never {
  const names = [...known]
  throw new AngeeError('MANIFEST_INVALID', `${where} names ${namespace}.${name}, which this stack does not have`, {
    hint: `${didYouMean(name, names)}There are: ${names.join(', ') || 'none'}.`,
  })
}

function text(value: string | number | boolean | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}
