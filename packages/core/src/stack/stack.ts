import { relative, resolve } from 'node:path'
import type { BackupBackend, Context, TreeTools } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { type Manifest, parseManifest } from '../manifest/index.ts'
import { loadPlugins, openBackend } from '../registry/index.ts'
import { resolveScope, type ScopePart } from '../scope/index.ts'
import { fileStore, type Store } from '../store/index.ts'
import { type Backends, backendsOf, findBackend } from './backends.ts'
import { locateStack, type StackPlace } from './locate.ts'
import { openRuntimes, type Runtimes } from './runtimes.ts'
import { scratchOf } from './scratch.ts'
import { readSecrets } from './secrets.ts'

/** An open stack: its manifest, what a snapshot of it holds, and the adapters that serve it. */
export interface Stack extends AsyncDisposable {
  readonly place: StackPlace
  readonly name: string
  readonly manifest: Manifest
  readonly scope: readonly ScopePart[]
  readonly backend: BackupBackend
  /** That one and the further ones of the manifest, by name. */
  readonly backends: Backends
  readonly runtimes: Runtimes
  readonly store: Store
  readonly trees: TreeTools
  readonly files: Files
  readonly tool: { name: string; version: string }
}

export interface StackOpening {
  /** The stack root as the user gave it, or undefined to search upwards from `from`. */
  directory: string | undefined
  from: string
  trees: TreeTools
  files: Files
  /** Makes the built-in adapter of that type (or for that kind of service) register itself; unknown ones are ignored. */
  loadBackend(type: string): Promise<void>
  loadRuntime(kind: string): Promise<void>
  tool: { name: string; version: string }
}

/**
 * Opens the stack: reads and checks its manifest, loads plugins, opens the backend. Nothing is started, nothing written.
 * Errors: STACK_NOT_FOUND, MANIFEST_INVALID, SCOPE_ESCAPES_ROOT, PLUGIN_INVALID, BACKEND_UNKNOWN and the backend's own.
 */
export async function openStack(opening: StackOpening, ctx: Context): Promise<Stack> {
  const { files, trees, tool } = opening
  const place = locateStack(opening.directory, opening.from)
  const manifest = await readManifest(place, files)
  const secrets = await readSecrets(place, manifest, process.env, files)
  await loadPlugins(place.root, manifest.plugins)
  const ofStack = { place, manifest, secrets, opening }
  const { descriptor, ofBackend } = await findBackend(manifest.backend, 'backup_backend', ofStack)
  const backend = await openBackend(descriptor, ofBackend, ctx)
  const scope = resolveScope(manifest, {
    root: relative(place.base, place.root),
    backend: below(place.base, backend.localDirectory),
  })
  const runtimes = openRuntimes(place, manifest, opening.loadRuntime, ctx)
  return {
    place,
    name: stackName(place, manifest),
    manifest,
    scope,
    backend,
    backends: backendsOf({ backend, scratch: scratchOf(descriptor, ofBackend) }, ofStack),
    runtimes,
    store: fileStore(place.stateDirectory, files),
    trees,
    files,
    tool,
    [Symbol.asyncDispose]: async () => {
      await runtimes[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

/** What a stack is called: by its manifest, else by its directory. */
export function stackName({ base }: StackPlace, manifest: Pick<Manifest, 'name'> | undefined): string {
  return manifest?.name ?? (base.split('/').at(-1) || 'stack')
}

/** Reads and checks the `angee.yaml` of a stack. */
export async function readManifest(place: StackPlace, files: Files): Promise<Manifest> {
  const bytes = await files.read(place.manifestFile)
  if (!bytes) {
    throw new AngeeError('STACK_NOT_FOUND', `${place.manifestFile} is gone`, { hint: 'Put it back and run again.' })
  }
  return parseManifest(bytes.toString(), relative(process.cwd(), place.manifestFile) || place.manifestFile)
}

/** `path` relative to `directory` when it lies below it. */
function below(directory: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const way = relative(directory, resolve(path))
  return way === '' || way === '..' || way.startsWith('../') ? undefined : way
}
