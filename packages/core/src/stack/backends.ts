import { resolve } from 'node:path'
import type { BackendOpening, BackupBackend, Context } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { type DeclaredBackend, didYouMean, type Manifest } from '../manifest/index.ts'
import { type BackendDescriptor, backendDescriptor, hasBackend, openBackend, parseOptions } from '../registry/index.ts'
import type { StackPlace } from './locate.ts'
import { type Scratch, scratchOf } from './scratch.ts'
import { fillSecrets } from './secrets.ts'
import type { StackOpening } from './stack.ts'

/** What `backup_backend` is called where backends are named. */
export const defaultBackend = 'default'

/** The backends of a stack by name. */
export interface Backends {
  /** `default` first, then those under `backup.backends`. */
  readonly names: readonly string[]
  /**
   * Opens the backend of that name. What holds a slash or begins with a dot is a directory, relative to where the
   * command was called. USAGE names those there are; and the errors of opening a stack.
   */
  open(name: string, ctx: Context): Promise<NamedBackend>
  /** Makes unprintable what the options of any of them hold as a secret, also of those that are not opened. */
  registerSecrets(): Promise<void>
}

/** An opened backend. Disposing closes it, unless it is the stack's own, which its stack closes. */
export interface NamedBackend extends AsyncDisposable {
  /** `default`, the name it has in the manifest, or the absolute path of a directory. */
  readonly name: string
  readonly backend: BackupBackend
  /** A place for checks beside its repository, by name. Undefined where the backend offers none. */
  readonly scratch: ((name: string) => Scratch) | undefined
}

/** What it takes to open the backends of one stack. */
export interface BackendsOpening {
  place: StackPlace
  manifest: Manifest
  secrets: ReadonlyMap<string, string>
  opening: StackOpening
}

/** The backends of a stack whose own one is open already. */
export function backendsOf(own: Pick<NamedBackend, 'backend' | 'scratch'>, from: BackendsOpening): Backends {
  const declared = new Map(Object.entries(from.manifest.backends))
  const names = [defaultBackend, ...declared.keys()]

  const find = (name: string): { called: string; place: DeclaredBackend; where: string } => {
    if (isDirectory(name)) {
      const path = resolve(from.opening.from, name)
      return { called: path, place: { type: 'localfs', options: { path } }, where: name }
    }
    const place = declared.get(name)
    if (place) return { called: name, place, where: `backup.backends.${name}` }
    throw new AngeeError('USAGE', `there is no backend "${name}"`, {
      hint: `${didYouMean(name, names)}There is: ${names.join(', ')}. Name others under backup.backends in angee.yaml; a directory is written with a slash: ./${name}`,
      context: { backend: name },
    })
  }

  return {
    names,
    open: async (name, ctx) => {
      if (name === defaultBackend) return { name, ...own, [Symbol.asyncDispose]: async () => undefined }
      const { called, place, where } = find(name)
      const { descriptor, ofBackend } = await findBackend(place, where, from)
      const backend = await openBackend(descriptor, ofBackend, ctx)
      const scratch = scratchOf(descriptor, ofBackend)
      return { name: called, backend, scratch, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() }
    },
    registerSecrets: async () => {
      for (const { type, options } of declared.values()) {
        await from.opening.loadBackend(type).catch(() => undefined)
        if (hasBackend(type)) registerSecretsOf(type, options)
      }
    },
  }
}

/** The descriptor of a declared backend and what to open it with. BACKEND_UNKNOWN, BACKEND_OPTIONS_INVALID. */
export async function findBackend(
  { type, options: written }: DeclaredBackend,
  where: string,
  { place, secrets, opening }: BackendsOpening,
): Promise<{ descriptor: BackendDescriptor; ofBackend: BackendOpening<unknown> }> {
  await opening.loadBackend(type)
  const descriptor = backendDescriptor(type, where)
  const options = parseOptions(descriptor.options, fillSecrets(written, where, secrets, process.env), where)
  return { descriptor, ofBackend: { options, stackRoot: place.root, trees: opening.trees } }
}

function isDirectory(name: string): boolean {
  return name.includes('/') || name.startsWith('.')
}

/** Wrong options are no matter here: their secrets are registered before the rest is looked at. */
function registerSecretsOf(type: string, options: Record<string, unknown>): void {
  try {
    parseOptions(backendDescriptor(type).options, options, type)
  } catch (error) {
    if (!isAngeeError(error)) throw error
  }
}
