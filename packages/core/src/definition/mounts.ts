import { isAbsolute, join, resolve } from 'node:path'
import type { Mount } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'

/** The directories that mounts name, as absolute paths. */
export interface MountPlaces {
  stackRoot: string
  persist: ReadonlyMap<string, string>
  sources: ReadonlyMap<string, string>
}

/** `scheme://name/below:/target:ro`, or a path or a volume's name in place of what stands before `:/target`. */
const written = /^(?:(persist|source|volume|bind|workspace):\/\/)?(.+?):(\/[^:]*)(?::(ro|rw))?$/

/** Reads one line of `mounts:`. MANIFEST_INVALID names what it does not find. */
export function parseMount(text: string, places: MountPlaces, where: string): Mount {
  const [, scheme, source, target, mode] = written.exec(text) ?? []
  if (source === undefined || target === undefined) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: "${text}" is no mount`, {
      hint: 'Write "persist://NAME:/path", "volume://NAME:/path", "source://NAME:/path", "./path:/path" or the same with ":ro" at its end.',
    })
  }
  const mount = { target, readOnly: mode === 'ro' }
  if (scheme === 'volume' || (scheme === undefined && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source))) {
    return { type: 'volume', source, ...mount }
  }
  return { type: 'bind', source: directoryOf(scheme ?? 'bind', source, places, where), ...mount }
}

/** The absolute path behind `scheme://name/below`. */
export function directoryOf(scheme: string, source: string, places: MountPlaces, where: string): string {
  if (scheme === 'bind') return isAbsolute(source) ? resolve(source) : resolve(places.stackRoot, source)
  const [name = '', ...below] = source.split('/')
  if (below.includes('..')) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: ${scheme}://${source} leads out of ${name}`, {
      hint: 'Name a path below it.',
    })
  }
  if (scheme === 'workspace') return join(places.stackRoot, 'workspaces', name, ...below)
  const known = scheme === 'persist' ? places.persist : places.sources
  const directory = known.get(name)
  if (directory !== undefined) return join(directory, ...below)
  const what = scheme === 'persist' ? 'persist entry' : 'source with a path on this machine'
  throw new AngeeError('MANIFEST_INVALID', `${where}: ${scheme}://${source} names no ${what}`, {
    hint: `${didYouMean(name, [...known.keys()])}There are: ${[...known.keys()].join(', ') || 'none'}.`,
  })
}
