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

/** Which package of `backup.plugins` brought a descriptor. */
const plugins = new WeakMap<object, string>()

/**
 * Makes a backend known under its type. `plugin` is the package that brought it, for messages. PLUGIN_INVALID when another
 * one has that type already.
 */
export function registerBackend(descriptor: BackendDescriptor, plugin?: string): void {
  const { backends } = registered()
  if (plugin !== undefined) plugins.set(descriptor, plugin)
  refuseSecond('backend', descriptor.type, backends.get(descriptor.type), descriptor)
  backends.set(descriptor.type, descriptor)
}

/** The same for a runtime. */
export function registerRuntime(descriptor: RuntimeDescriptor, plugin?: string): void {
  const { runtimes } = registered()
  if (plugin !== undefined) plugins.set(descriptor, plugin)
  refuseSecond('runtime', descriptor.type, runtimes.get(descriptor.type), descriptor)
  runtimes.set(descriptor.type, descriptor)
}

/** The registered backend of that type, asked for at `where` in the manifest. BACKEND_UNKNOWN names the known ones. */
export function backendDescriptor(type: string, where = 'backup_backend'): BackendDescriptor {
  const { backends } = registered()
  const found = backends.get(type)
  if (found) return found
  throw new AngeeError('BACKEND_UNKNOWN', `${where}.type is "${type}", which no installed backend provides`, {
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

/** The package of `backup.plugins` that brought a descriptor; undefined for what came along with angee. */
export function pluginOf(descriptor: object): string | undefined {
  return plugins.get(descriptor)
}

function refuseSecond(what: string, type: string, known: object | undefined, next: object): void {
  if (known === undefined || known === next) return
  const [first, second] = [known, next].map((one) => pluginOf(one))
  const owner = (plugin: string | undefined): string => (plugin === undefined ? 'angee itself' : `plugin ${plugin}`)
  const plugin = second ?? first
  throw new AngeeError('PLUGIN_INVALID', `${owner(second)} and ${owner(first)} both bring the ${what} type "${type}"`, {
    hint:
      plugin === undefined
        ? 'Remove one of the two packages.'
        : `Remove ${plugin} from backup.plugins, or ask its author for a type of its own.`,
    context: { type, plugin },
  })
}
