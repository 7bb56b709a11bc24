import { AngeeError, type Clock, type Logger, type Manifest, type ScheduledKind, type Store } from '@angee/core'
import { idempotencyOf } from '../operations/idempotency.ts'
import type { OperationListener } from '../operations/listener.ts'
import type { Operations } from '../operations/operations.ts'
import type { OperationRecord } from '../operations/record.ts'
import type { CatalogReader } from '../stack/catalog.ts'
import { dueNow, nextRun, type Schedule, stateOf } from './due.ts'
import { type ScheduleFacts, scheduleFacts, schedulesOf } from './facts.ts'
import { requestFor } from './requests.ts'
import { type LastRun, readStates, type ScheduleState, type ScheduleStates, writeStates } from './state.ts'

/** Who asks for what is done on a schedule. */
export const scheduler = { token: 'schedule', name: 'schedule' } as const

/** The manifest is read again this often, and no due time is missed by more. Milliseconds. */
const longestSleep = 30_000
const shortestSleep = 1_000

export interface SchedulerOptions {
  /** Of the stack. */
  root: string
  store: Store
  catalog: CatalogReader
  operations: Pick<Operations, 'submit' | 'isLive'>
  readManifest(): Promise<Manifest>
  clock: Clock
  logger: Logger
  /** Told once of each due time that has had no success for too long. */
  onOverdue(schedule: ScheduleFacts): void
}

export interface Scheduler {
  /** Does what is due, again and again until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** One look at what is due. Gives how long nothing will be, in milliseconds. */
  tick(): Promise<number>
  facts(): Promise<ScheduleFacts[]>
  /** Why the manifest cannot be read, where it cannot: the schedules it had last are followed. */
  problem(): unknown
  /** Remembers how scheduled operations end. */
  readonly listener: OperationListener
}

/** Asks for operations at the times that the manifest of the stack declares. */
export async function makeScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { root, store, catalog, operations, clock, logger } = options
  const states: ScheduleStates = await readStates(store)
  let manifest: Manifest | undefined
  let problem: unknown
  let writing: Promise<void> = Promise.resolve()

  function keep(): Promise<void> {
    const copy = structuredClone(states)
    writing = writing
      .then(() => writeStates(store, copy))
      .catch((error: unknown) => logger.error('the state of schedules cannot be kept', { error: String(error) }))
    return writing
  }

  async function readSchedules(): Promise<Map<ScheduledKind, Schedule>> {
    try {
      manifest = await options.readManifest()
      problem = undefined
    } catch (error) {
      const message = String(error)
      if (String(problem) !== message)
        logger.error('the manifest cannot be read; its last schedules stay', { error: message })
      problem = error
    }
    return manifest === undefined ? new Map() : schedulesOf(manifest, root)
  }

  function known(kind: ScheduledKind, schedule: Schedule): ScheduleState {
    const state = stateOf(schedule, states[kind], clock.now())
    if (state !== states[kind]) states[kind] = state
    return state
  }

  function ended(kind: ScheduledKind, last: LastRun): void {
    const state = states[kind]
    if (state === undefined) return
    states[kind] = { ...state, last, ...(last.state === 'succeeded' ? { succeededAt: last.at } : {}) }
  }

  async function begin(kind: ScheduledKind, schedule: Schedule, due: number, state: ScheduleState): Promise<void> {
    const at = new Date(clock.now()).toISOString()
    const dueAt = new Date(due).toISOString()
    const skip = (message: string): void => {
      logger.info('a scheduled run is left out', { kind, due: dueAt, reason: message })
      states[kind] = { ...state, handled: dueAt }
      ended(kind, { state: 'skipped', at, message })
    }
    if (state.operation !== undefined && operations.isLive(state.operation)) return skip('the one before still runs')
    const { records } = await catalog.read()
    const request = requestFor(kind, schedule, (manifest as Manifest).schedules, records, due)
    if (typeof request === 'string') {
      skip(request)
      // Nothing was to be done, and that is done.
      if (kind === 'verify') states[kind] = { ...(states[kind] as ScheduleState), succeededAt: at }
      return
    }
    // The same due time is the same request, whoever was killed between asking and remembering.
    const idempotency = idempotencyOf(scheduler.token, `${kind} ${dueAt}`, kind)
    const { record } = await operations.submit({ ...request, requestedBy: scheduler, idempotency } as never)
    // A short one may have ended already.
    states[kind] = { ...(states[kind] ?? state), handled: dueAt, operation: record.id }
  }

  async function tick(): Promise<number> {
    const schedules = await readSchedules()
    let wait = longestSleep
    for (const [kind, schedule] of schedules) {
      const state = known(kind, schedule)
      const due = dueNow(schedule, state, clock.now())
      try {
        if (due !== undefined) await begin(kind, schedule, due, state)
      } catch (error) {
        // A full queue, an operator that ends: it is due still at the next look.
        logger.error('a scheduled run cannot begin yet', { kind, error: String(error) })
      }
      const next = nextRun(schedule, states[kind] ?? state, clock.now())
      if (next !== undefined) wait = Math.min(wait, next - clock.now())
    }
    await tellOverdue()
    await keep()
    return Math.max(wait, shortestSleep)
  }

  async function facts(): Promise<ScheduleFacts[]> {
    const schedules = manifest === undefined ? await readSchedules() : schedulesOf(manifest, root)
    const { records } = await catalog.read()
    return scheduleFacts(schedules, states, records, operations.isLive, clock.now())
  }

  async function tellOverdue(): Promise<void> {
    for (const one of await facts()) {
      const state = states[one.kind]
      if (one.overdueSince === null || state === undefined || state.overdueTold === one.overdueSince) continue
      states[one.kind] = { ...state, overdueTold: one.overdueSince }
      logger.error('a schedule is overdue', { kind: one.kind, since: one.overdueSince })
      options.onOverdue(one)
    }
  }

  return {
    tick,
    facts,
    problem: () => problem,
    run: async (signal) => {
      while (!signal.aborted) {
        const wait = await tick().catch((error: unknown) => {
          logger.error('the schedules cannot be looked at', { error: String(error) })
          return longestSleep
        })
        await clock.sleep(wait, signal).catch(() => undefined)
      }
      await writing
    },
    listener: {
      ended: (record) => {
        if (record.requestedBy.token !== scheduler.token || !(record.kind in states)) return
        ended(record.kind as ScheduledKind, lastRunOf(record))
        keep()
      },
    },
  }
}

function lastRunOf({ id, state, endedAt, error }: OperationRecord): LastRun {
  if (state === 'queued' || state === 'running') throw new AngeeError('INTERNAL', `operation ${id} has not ended`)
  return {
    state,
    at: endedAt ?? new Date(0).toISOString(),
    operation: id,
    ...(error === null ? {} : { code: error.code, message: error.message }),
  }
}
