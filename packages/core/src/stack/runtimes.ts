import type { Context, Runtime, RuntimeKind, ServiceStatus } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Manifest } from '../manifest/index.ts'
import { parseOptions, type RuntimeDescriptor, runtimeDescriptors } from '../registry/index.ts'
import type { StackPlace } from './locate.ts'

/** The runtimes of a stack, each opened when it is first needed: a stack of files alone never asks for an engine. */
export interface Runtimes extends AsyncDisposable {
  /** The kinds that services and jobs of the manifest ask for. */
  readonly kinds: readonly RuntimeKind[]
  get(kind: RuntimeKind): Promise<Runtime>
}

/** Every service of every runtime of a stack, with the kind of its runtime. */
export type StackServiceStatus = ServiceStatus & { kind: RuntimeKind }

/** Asks every runtime of the stack for its services. */
export async function stackStatus(runtimes: Runtimes, ctx: Context): Promise<StackServiceStatus[]> {
  const all = await Promise.all(
    runtimes.kinds.map(async (kind) => {
      const runtime = await runtimes.get(kind)
      return (await runtime.status(ctx)).map((status) => ({ ...status, kind }))
    }),
  )
  return all.flat()
}

/** Calls `action` once for each runtime that has any of `services`. */
export async function onRuntimes(
  runtimes: Runtimes,
  services: readonly { service: string; kind: RuntimeKind }[],
  action: (runtime: Runtime, services: string[]) => Promise<void>,
): Promise<void> {
  for (const kind of runtimes.kinds) {
    const mine = services.filter((one) => one.kind === kind).map(({ service }) => service)
    if (mine.length > 0) await action(await runtimes.get(kind), mine)
  }
}

export function openRuntimes(
  place: StackPlace,
  manifest: Manifest,
  load: (kind: string) => Promise<void>,
  ctx: Context,
): Runtimes {
  const opened = new Map<RuntimeKind, Promise<Runtime>>()
  async function open(kind: RuntimeKind): Promise<Runtime> {
    await load(kind)
    const descriptor = runtimeFor(kind)
    const services = manifest.services.filter(({ runtime }) => runtime === kind).map(({ name }) => name)
    const given = manifest.runtimeOptions[descriptor.type] ?? {}
    const options = parseOptions(descriptor.options, given, `runtimes.${descriptor.type}`, 'MANIFEST_INVALID')
    return descriptor.open({ options, stackRoot: place.root, services }, ctx)
  }
  return {
    kinds: [...new Set([...manifest.services, ...manifest.jobs].flatMap(({ runtime }) => runtime ?? []))],
    get: (kind) => {
      const runtime = opened.get(kind) ?? open(kind)
      opened.set(kind, runtime)
      return runtime
    },
    [Symbol.asyncDispose]: async () => {
      for (const runtime of opened.values()) await (await runtime.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

function runtimeFor(kind: RuntimeKind): RuntimeDescriptor {
  const found = runtimeDescriptors().find(({ serves }) => serves === kind)
  if (found) return found
  throw new AngeeError('RUNTIME_UNKNOWN', `no installed runtime serves "runtime: ${kind}"`, {
    hint: kind === 'container' ? 'Install @angee/runtime-compose.' : 'Install @angee/runtime-proccompose.',
    context: { kind },
  })
}
