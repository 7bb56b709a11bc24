import type { Context } from '@angee/core'
import type { Home } from '../home.ts'
import { dependencyOrder } from '../lifecycle/order.ts'
import { endAll } from './end.ts'
import { findLeftovers, type Leftover } from './find.ts'

/** Milliseconds a service has to end by itself: as long as under a server. */
const grace = 60_000
/** The same for what is not a service. */
const shortGrace = 5_000

export interface LeftoverSources {
  stackRoot: string
  home: Home
  /** What each service depends on, as far as it is known. */
  dependencies: ReadonlyMap<string, readonly string[]>
}

/** Services that run although no server does: theirs has died. */
export async function unsupervised({ stackRoot, home }: Omit<LeftoverSources, 'dependencies'>): Promise<Set<string>> {
  const left = await findLeftovers(stackRoot, home)
  return new Set(left.filter(({ kind }) => kind === 'service').map(({ name }) => name))
}

/**
 * Ends what runs although no server does: services, each before those it depends on; of them only those named, where
 * some are. With `everything`, jobs and hooks too, whoever waits for them. The server itself must be gone.
 */
export async function endLeftovers(
  { stackRoot, home, dependencies }: LeftoverSources,
  what: 'everything' | 'services' | readonly string[],
  ctx: Context,
): Promise<void> {
  const find = async (belongs: (one: Leftover) => boolean) => (await findLeftovers(stackRoot, home)).filter(belongs)
  const end = (belongs: (one: Leftover) => boolean, time: number) =>
    endAll(async () => (await find(belongs)).map(({ entry }) => entry), time, ctx)
  if (what === 'everything') await end(({ kind }) => kind === 'job' || kind === 'hook', shortGrace)
  const left = (await find(({ kind }) => kind === 'service')).map(({ name }) => name)
  const due = typeof what === 'string' ? left : left.filter((name) => what.includes(name))
  for (const name of dependencyOrder([...new Set(due)], dependencies).reverse()) {
    await end((one) => one.kind === 'service' && one.name === name, grace)
  }
}
