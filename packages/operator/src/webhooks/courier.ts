import type { Clock, Files, Logger, Manifest, Random, StackPlace, Store } from '@angee/core'
import type { OperationListener } from '../operations/listener.ts'
import { hasEnded, type OperationRecord } from '../operations/record.ts'
import type { Records } from '../operations/records.ts'
import type { ManifestReader } from '../stack/manifest.ts'
import { deliver, type Outcome } from './deliver.ts'
import { type Endpoint, endpointsOf, wanting } from './endpoints.ts'
import { type Message, operationMessage, overdueMessage } from './message.ts'
import { mostPending, type Pending, readOutbox, writeOutbox } from './outbox.ts'

/** The pauses before a message is tried again, as Standard Webhooks advises; then it is given up. Seconds. */
const pauses = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
const longestSleep = 60_000

export interface CourierOptions {
  place: StackPlace
  store: Store
  files: Files
  manifest: ManifestReader
  records: Pick<Records, 'heads' | 'read'>
  clock: Clock
  random: Random
  logger: Logger
  /** Milliseconds for one try. */
  timeout: number
  /** Told of each try. */
  onTry(outcome: 'delivered' | 'failed' | 'given_up'): void
}

export interface Courier {
  /** Makes messages of what happens. */
  readonly listener: OperationListener
  /** Delivers what waits, again and again until the signal aborts. What is not delivered by then waits for the next start. */
  run(signal: AbortSignal): Promise<void>
  /** How many messages wait. */
  pending(): number
}

/**
 * Sends signed messages to the webhooks of the manifest: each at least once, also when the operator is killed between the
 * end of an operation and the message, or before it is delivered.
 */
export async function makeCourier(options: CourierOptions): Promise<Courier> {
  const { place, store, files, manifest, records, clock, random, logger } = options
  const state = await readOutbox(store, timeAt(clock.now()))
  const told = new Set(state.told)
  let writing: Promise<void> = Promise.resolve()
  let wake = (): void => undefined

  function keep(): Promise<void> {
    writing = writing
      .then(() => writeOutbox(store, state))
      .catch((error: unknown) => logger.error('messages cannot be kept', { error: String(error) }))
    return writing
  }

  /** While the manifest cannot be read, what it said last. */
  let lastRead: Manifest | undefined
  async function declared(): Promise<Manifest> {
    try {
      lastRead = await manifest.read()
      return lastRead
    } catch (error) {
      if (lastRead === undefined) throw error
      return lastRead
    }
  }

  async function post(make: (stack: { name: string; root: string }) => Message): Promise<void> {
    const { webhooks } = await declared()
    if (webhooks.length === 0) return
    const { id, type, body } = make({ name: await manifest.name(), root: place.root })
    for (const { url } of wanting(webhooks, type)) {
      state.pending.push({ id, type, body, to: url, attempts: 0, nextAt: timeAt(clock.now()) })
    }
    for (const lost of state.pending.splice(0, Math.max(0, state.pending.length - mostPending)))
      giveUp(lost, 'too many wait')
  }

  async function tell(record: OperationRecord): Promise<void> {
    if (told.has(record.id)) return
    told.add(record.id)
    try {
      await post((stack) => operationMessage(record, stack))
    } catch (error) {
      told.delete(record.id)
      throw error
    }
    state.told.push(record.id)
    await keep()
    wake()
  }

  function giveUp({ id, type, to }: Pending, problem: string): void {
    options.onTry('given_up')
    logger.error('a message is given up', { message: id, type, to, problem })
  }

  async function attempt(one: Pending, endpoint: Endpoint | Error | undefined, signal: AbortSignal): Promise<void> {
    if (endpoint === undefined) return drop(one)
    const outcome: Outcome =
      endpoint instanceof Error
        ? { delivered: false, problem: endpoint.message, final: false }
        : await deliver(endpoint, one, { now: clock.now(), timeout: options.timeout, signal })
    if (outcome.delivered) {
      options.onTry('delivered')
      logger.debug('a message is delivered', { message: one.id, type: one.type, to: one.to })
      return drop(one)
    }
    const pause = pauses[one.attempts]
    one.attempts += 1
    if (outcome.final || pause === undefined) {
      giveUp(one, outcome.problem)
      return drop(one)
    }
    options.onTry('failed')
    logger.warn('a message is not delivered yet', {
      message: one.id,
      type: one.type,
      to: one.to,
      problem: outcome.problem,
    })
    one.problem = outcome.problem
    one.nextAt = timeAt(clock.now() + Math.max(spread(pause * 1000, random), outcome.after ?? 0))
  }

  function drop(one: Pending): void {
    const index = state.pending.indexOf(one)
    if (index >= 0) state.pending.splice(index, 1)
  }

  /** Tries what is due: webhooks side by side, the messages of one in their order. Gives how long nothing will be due. */
  async function round(signal: AbortSignal): Promise<number> {
    const due = state.pending.filter(({ nextAt }) => Date.parse(nextAt) <= clock.now())
    if (due.length > 0) {
      const endpoints = new Map(
        (await endpointsOf(place, await declared(), files)).map(({ declared, endpoint }) => [declared, endpoint]),
      )
      await Promise.all(
        [...Map.groupBy(due, ({ to }) => to)].map(async ([to, messages]) => {
          for (const one of messages) {
            await attempt(one, endpoints.get(to), signal)
            await keep()
          }
        }),
      )
    }
    const next = Math.min(...state.pending.map(({ nextAt }) => Date.parse(nextAt) - clock.now()))
    return Math.min(longestSleep, Math.max(0, next))
  }

  /** What had ended before anybody could be told. */
  async function catchUp(): Promise<void> {
    for (const head of records.heads()) {
      if (!hasEnded(head) || told.has(head.id) || (head.endedAt ?? '') < state.since) continue
      const record = await records.read(head.id)
      if (record) await tell(record)
    }
    await keep()
  }

  return {
    pending: () => state.pending.length,
    listener: {
      ended: (record) => void tell(record).catch((error: unknown) => untold(error)),
      overdue: (schedule) =>
        void post((stack) => overdueMessage(schedule, timeAt(clock.now()), stack))
          .then(keep)
          .then(() => wake())
          .catch((error: unknown) => untold(error)),
    },
    run: async (signal) => {
      await catchUp().catch((error: unknown) => untold(error))
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        const wait = await round(signal).catch((error: unknown) => {
          if (!signal.aborted) logger.error('messages cannot be delivered now', { error: String(error) })
          return longestSleep
        })
        if (wait === 0) continue
        const sleeping = new AbortController()
        const slept = clock.sleep(wait, AbortSignal.any([signal, sleeping.signal])).catch(() => undefined)
        await Promise.race([slept, woken])
        sleeping.abort()
      }
      await writing
    },
  }

  function untold(error: unknown): void {
    logger.error('a message cannot be made', { error: String(error) })
  }
}

/** Up to a fifth more, so that what failed together is not tried together. */
function spread(pause: number, random: Random): number {
  return pause * (1 + (random(new Uint8Array(1))[0] ?? 0) / 255 / 5)
}

function timeAt(moment: number): string {
  return new Date(moment).toISOString()
}
