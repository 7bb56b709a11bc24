import { type Context, openStack, type Stack, type StackOpening, type StackPlace, type Store } from '@angee/core'
import type { Permit } from './auth/permit.ts'
import type { EventLog } from './operations/events.ts'
import type { Operations } from './operations/operations.ts'
import type { Queue } from './operations/queue.ts'
import type { Records } from './operations/records.ts'
import type { Scheduler } from './schedules/index.ts'
import type { CatalogReader } from './stack/catalog.ts'
import type { ManifestReader } from './stack/manifest.ts'
import type { Metrics } from './watch/metrics.ts'
import type { Courier } from './webhooks/index.ts'
import type { Workspaces } from './workspaces.ts'

/** What the routes work with: the one stack, and what is known and done there. */
export interface Daemon {
  place: StackPlace
  opening: StackOpening
  store: Store
  manifest: ManifestReader
  catalog: CatalogReader
  operations: Operations
  scheduler: Scheduler
  records: Records
  events: EventLog
  queue: Queue
  metrics: Metrics
  courier: Courier
  permit: Permit
  /** Undefined where this operator makes none. */
  workspaces: Workspaces | undefined
  ctx: Omit<Context, 'signal' | 'onProgress'>
  state(): 'ready' | 'recovering' | 'stopping'
  /** Why the stack is not in order, where it is not. */
  problem(): unknown
  /** Aborted when the operator ends: whoever follows events comes again. */
  ending: AbortSignal
}

/** Opens the stack to look at it, hands it to `use`, and closes it whatever happens. */
export async function withStack<Result>(
  { opening, ctx }: Pick<Daemon, 'opening' | 'ctx'>,
  signal: AbortSignal,
  use: (stack: Stack, ctx: Context) => Promise<Result>,
): Promise<Result> {
  const own = { ...ctx, signal, onProgress: () => undefined }
  await using stack = await openStack(opening, own)
  return await use(stack, own)
}
