import { posix } from 'node:path'
import type { Exclusion, PartId } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'
import type { Hook, Manifest, PersistEntry, Service } from '../manifest/manifest.ts'

/** Where the stack's own directories lie, relative to the base directory that subpaths start from. */
export interface ScopeLayout {
  /** The stack root: empty, or `.angee`. */
  root: string
  /** The backend's directory when it lies below the base directory. */
  backend: string | undefined
}

export interface TreePart {
  id: PartId
  kind: 'tree'
  name: string
  /** Relative to the base directory, normalised; empty for the base directory itself. */
  path: string
  /** Sub-paths to leave out, relative to `path`, outermost only. */
  exclude: readonly { path: string; reason: Exclusion['reason'] }[]
}

export interface StreamPart {
  id: PartId
  kind: 'stream'
  service: string
  runtime: Service['runtime']
  hook: Hook
  /** Paths of the persist entries the dump stands for, relative to the base directory. */
  covers: readonly string[]
}

/** The secrets file: no part of the scope, captured only on request and only where it is encrypted. */
export interface SecretsPart {
  id: 'secrets/file'
  kind: 'file'
  /** Absolute. */
  file: string
}

export type ScopePart = TreePart | StreamPart

/**
 * The exact set of parts of a snapshot: every persist entry no hook covers, and every service with a hook.
 * A pure function of the manifest and of where its directories lie. SCOPE_ESCAPES_ROOT, MANIFEST_INVALID.
 */
export function resolveScope(manifest: Manifest, layout: ScopeLayout): ScopePart[] {
  const entries = manifest.persist.map((entry) => ({ name: entry.name, path: normalise(entry) }))
  refuseSamePath(entries)
  const pathOf = new Map(entries.map(({ name, path }) => [name, path]))
  const covered = coveredEntries(manifest.services, pathOf)
  const forbidden = alwaysExcluded(manifest, layout)
  refuseForbidden(entries, forbidden)
  const trees = entries
    .filter(({ name }) => !covered.has(name))
    .map(({ name, path }): TreePart => {
      const inner = entries
        .filter((other) => other.name !== name && isInside(other.path, path))
        .map((other) => ({
          path: other.path,
          reason: covered.has(other.name) ? ('covered' as const) : ('nested' as const),
        }))
      const exclude = [...inner, ...forbidden.filter((one) => isInside(one.path, path))]
      return { id: `persist/${name}`, kind: 'tree', name, path, exclude: relativeOutermost(exclude, path) }
    })
  const streams = manifest.services.flatMap(({ name, runtime, hook }): StreamPart[] => {
    if (!hook) return []
    const covers = hook.covers.map((entry) => pathOf.get(entry) ?? '')
    return [{ id: `service/${name}`, kind: 'stream', service: name, runtime, hook, covers }]
  })
  return [...trees, ...streams]
}

/** Whether `path` lies strictly below `directory`; both normalised and relative to the same place. */
export function isInside(path: string, directory: string): boolean {
  if (path === directory) return false
  return directory === '' || path.startsWith(`${directory}/`)
}

function normalise({ name, subpath }: PersistEntry): string {
  const path = posix.normalize(subpath).replace(/\/+$/, '')
  if (posix.isAbsolute(subpath) || path === '..' || path.startsWith('../') || subpath.includes('\0')) {
    throw new AngeeError('SCOPE_ESCAPES_ROOT', `persist.${name}.subpath "${subpath}" leads out of the stack`, {
      hint: 'Give a path below the stack, for example "./data".',
      context: { persist: name, subpath },
    })
  }
  return path === '.' ? '' : path
}

function refuseSamePath(entries: readonly { name: string; path: string }[]): void {
  for (const [index, { name, path }] of entries.entries()) {
    const twin = entries.slice(0, index).find((other) => other.path === path)
    if (!twin) continue
    throw new AngeeError(
      'MANIFEST_INVALID',
      `persist.${name} and persist.${twin.name} are the same directory "${path || '.'}"`,
      {
        hint: 'Keep one of the two.',
      },
    )
  }
}

function coveredEntries(services: readonly Service[], pathOf: ReadonlyMap<string, string>): Set<string> {
  const covered = new Set<string>()
  for (const { name, hook } of services) {
    for (const entry of hook?.covers ?? []) {
      if (!pathOf.has(entry)) {
        throw new AngeeError(
          'MANIFEST_INVALID',
          `services.${name}.backup.covers names "${entry}", which is no persist entry`,
          {
            hint: `${didYouMean(entry, [...pathOf.keys()])}Persist entries: ${[...pathOf.keys()].join(', ') || 'none'}.`,
          },
        )
      }
      covered.add(entry)
    }
  }
  return covered
}

function alwaysExcluded(manifest: Manifest, layout: ScopeLayout): { path: string; reason: Exclusion['reason'] }[] {
  const inRoot = (path: string): string => posix.join(layout.root, path)
  const excluded: { path: string; reason: Exclusion['reason'] }[] = [{ path: inRoot('run'), reason: 'run' }]
  if (!posix.isAbsolute(manifest.secretsFile)) excluded.push({ path: inRoot(manifest.secretsFile), reason: 'secrets' })
  if (layout.backend !== undefined) excluded.push({ path: layout.backend, reason: 'backend' })
  return excluded
}

function refuseForbidden(
  entries: readonly { name: string; path: string }[],
  forbidden: readonly { path: string; reason: string }[],
): void {
  for (const { name, path } of entries) {
    const hit = forbidden.find((one) => one.path === path || isInside(path, one.path))
    if (!hit) continue
    throw new AngeeError('MANIFEST_INVALID', `persist.${name} is "${path}", which is never captured (${hit.reason})`, {
      hint: 'Secrets, run/ and the backend directory stay out of snapshots. Remove this entry or move the data.',
    })
  }
}

function relativeOutermost<Item extends { path: string }>(items: readonly Item[], directory: string): Item[] {
  const outermost = items.filter((item) => !items.some((other) => isInside(item.path, other.path)))
  const unique = outermost.filter((item, index) => outermost.findIndex((other) => other.path === item.path) === index)
  return unique.map((item) => ({ ...item, path: directory === '' ? item.path : item.path.slice(directory.length + 1) }))
}
