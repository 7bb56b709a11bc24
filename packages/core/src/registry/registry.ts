import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/suggest.ts'
import type { BackendDescriptor, RuntimeDescriptor } from './descriptor.ts'

interface Registered {
  backends: Map<string, BackendDescriptor>
  runtimes: Map<string, RuntimeDescriptor>
}

/**
 * One registry for the process, whichever copy of this package an adapter imported: a plugin installed beside the
 * stack may bring its own.
 */
const key = Symbol.for('angee.registry')

function registered(): Registered {
  const holder = globalThis as { [key]?: Registered }
  holder[key] ??= { backends: new Map(), runtimes: new Map() }
  return holder[key]
}

/** Makes a backend known under its type. PLUGIN_INVALID when another one has that type already. */
export function registerBackend(descriptor: BackendDescriptor): void {
  const { backends } = registered()
  refuseSecond('backend', descriptor.type, backends.get(descriptor.type), descriptor)
  backends.set(descriptor.type, descriptor)
}

/** Makes a runtime known under its type. PLUGIN_INVALID when another one has that type already. */
export function registerRuntime(descriptor: RuntimeDescriptor): void {
  const { runtimes } = registered()
  refuseSecond('runtime', descriptor.type, runtimes.get(descriptor.type), descriptor)
  runtimes.set(descriptor.type, descriptor)
}

/** The registered backend of that type. BACKEND_UNKNOWN names the known ones. */
export function backendDescriptor(type: string): BackendDescriptor {
  const { backends } = registered()
  const found = backends.get(type)
  if (found) return found
  throw new AngeeError('BACKEND_UNKNOWN', `backup_backend.type is "${type}", which no installed backend provides`, {
    hint: `${didYouMean(type, [...backends.keys()])}Known backends: ${[...backends.keys()].sort().join(', ')}. A third party's is named under backup.plugins and installed beside angee.yaml.`,
    context: { type },
  })
}

/** All registered runtimes. */
export function runtimeDescriptors(): RuntimeDescriptor[] {
  return [...registered().runtimes.values()]
}

/** Whether a backend of that type is registered. */
export function hasBackend(type: string): boolean {
  return registered().backends.has(type)
}

function refuseSecond(what: string, type: string, known: object | undefined, next: object): void {
  if (known === undefined || known === next) return
  throw new AngeeError('PLUGIN_INVALID', `a second ${what} registers the type "${type}"`, {
    hint: `Remove one of the two packages, or name only one of them under backup.plugins.`,
    context: { type },
  })
}
