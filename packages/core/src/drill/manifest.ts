import { isAbsolute, resolve } from 'node:path'
import { isMap, parseDocument } from 'yaml'
import { isInside } from '../scope/index.ts'

export interface DrillPlace {
  /** Of the stack that is copied, absolute. */
  stackRoot: string
  /** Its persist directories, absolute. */
  persist: readonly string[]
  /** Options of runtimes by type that take the place of the stack's own. */
  runtimes: Readonly<Record<string, Record<string, unknown>>>
  /** A port of this machine that is free, another one at each call. */
  freePort(): number
}

type Block = Record<string, unknown>

/**
 * The manifest of a throw-away copy of a stack: the same services, which publish no ports, share no directory that can be
 * written with the stack, and read everything but persist directories from where it lies. `text` is a valid manifest.
 */
export function drillManifest(text: string, place: DrillPlace): string {
  const document = parseDocument(text)
  const root = (document.toJS() ?? {}) as Block
  const absolute = (path: unknown): unknown => (typeof path === 'string' ? resolve(place.stackRoot, path) : path)
  const backup = block(root['backup'])
  document.set('name', `${String(root['name'] ?? 'stack')}-drill`)
  document.set('backup_backend', { type: 'localfs' })
  document.set('backup', { plugins: backup['plugins'] ?? [] })
  document.set('runtimes', place.runtimes)
  document.set('jobs', withoutRestores(block(root['jobs']), place))
  document.set(
    'ports',
    mapped(block(root['ports']), (port) => newPort(port, place)),
  )
  document.set(
    'sources',
    mapped(block(root['sources']), (source) => ({
      ...block(source),
      ...('path' in block(source) ? { path: absolute(block(source)['path']) } : {}),
      ...('cache_path' in block(source) ? { cache_path: absolute(block(source)['cache_path']) } : {}),
    })),
  )
  document.set(
    'services',
    mapped(block(root['services']), (service) => apart(block(service), place)),
  )
  if (isMap(document.contents)) for (const key of ['operator', 'ingress', 'workspaces']) document.delete(key)
  return document.toString()
}

function withoutRestores(jobs: Block, place: DrillPlace): Block {
  const others = Object.entries(jobs).filter(([, job]) => !('restore' in block(job)))
  return Object.fromEntries(others.map(([name, job]) => [name, apart(block(job), place)]))
}

/** A service that shares nothing with the one it is a copy of. */
function apart(service: Block, place: DrillPlace): Block {
  const { container_name: _, ports: __, ...engine } = block(service['engine'])
  const isLocal = service['runtime'] === 'local'
  return {
    ...service,
    ...('engine' in service ? { engine } : {}),
    ...(isLocal ? {} : { ports: [] }),
    restart: 'no',
    ...(Array.isArray(service['mounts'])
      ? { mounts: service['mounts'].flatMap((mount) => mountApart(mount, place)) }
      : {}),
    ...('build' in service ? { build: buildApart(service['build'], place) } : {}),
  }
}

/**
 * What lies in a persist directory is the copy's own; anything else is read where it lies, and not written. A socket
 * leads out of the copy, read-only or not: it is left out.
 */
function mountApart(mount: unknown, { stackRoot, persist }: DrillPlace): unknown[] {
  if (typeof mount !== 'string' || /^(persist|volume):\/\//.test(mount)) return [mount]
  const [, source, target] = /^(?:bind:\/\/)?((?:\.|\/)[^:]*):(\/[^:]*)(?::r[ow])?$/.exec(mount) ?? []
  if (source === undefined || target === undefined) return [/:\/\//.test(mount) ? readOnly(mount) : mount]
  const path = resolve(stackRoot, source)
  if (path.endsWith('.sock')) return []
  const isOwn = persist.some((directory) => path === directory || isInside(path, directory))
  return [isOwn && !isAbsolute(source) ? mount : `bind://${path}:${target}:ro`]
}

function readOnly(mount: string): string {
  return `${mount.replace(/:r[ow]$/, '')}:ro`
}

function buildApart(build: unknown, { stackRoot }: DrillPlace): unknown {
  if (typeof build === 'string') return resolve(stackRoot, build)
  const { context = '.' } = block(build)
  return { ...block(build), context: resolve(stackRoot, String(context)) }
}

function newPort(port: unknown, place: DrillPlace): unknown {
  return typeof port === 'object' && port !== null ? { ...port, value: place.freePort() } : place.freePort()
}

function mapped(values: Block, change: (value: unknown) => unknown): Block {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}

function block(value: unknown): Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Block) : {}
}
