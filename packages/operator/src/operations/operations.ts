import { AngeeError, type Context, newSnapshotId, openStack, type StackOpening } from '@angee/core'
import { withoutSecrets } from '../json.ts'
import type { EventLog, OperationEvent } from './events.ts'
import { idempotencyIndex } from './idempotency.ts'
import type { KindSpec, OperationKind, Work } from './kind.ts'
import { kinds } from './kinds/index.ts'
import type { OperationListener } from './listener.ts'
import { cancelled, endingOf, endingOfError } from './outcome.ts'
import { outputLines, throttled } from './progress.ts'
import type { Queue } from './queue.ts'
import type { OperationRecord } from './record.ts'
import type { Records } from './records.ts'

/** What operations are run with. */
export interface Machinery {
  opening: StackOpening
  effects: Work['effects']
  workspaces: Work['workspaces']
  records: Records
  events: EventLog
  queue: Queue
  listener: Required<OperationListener>
  ctx: Omit<Context, 'signal' | 'onProgress'>
}

export interface Submission<Kind extends OperationKind> {
  kind: Kind
  input: Parameters<(typeof kinds)[Kind]['run']>[0]
  requestedBy: OperationRecord['requestedBy']
  idempotency?: OperationRecord['idempotency']
  trace?: OperationRecord['trace']
}

export interface Operations {
  /**
   * Takes an operation on: it is kept durably when this resolves. `replayed`: the same was asked for before, under the
   * same key. QUEUE_FULL, OPERATOR_STOPPING, IDEMPOTENCY_KEY_REUSED.
   */
  submit<Kind extends OperationKind>(
    submission: Submission<Kind>,
  ): Promise<{ record: OperationRecord; replayed: boolean }>
  /** What was taken on before for the same request under the same key. IDEMPOTENCY_KEY_REUSED. */
  replay(idempotency: NonNullable<OperationRecord['idempotency']>): Promise<OperationRecord | undefined>
  /** Ends one that waits or runs; resolves at once. OPERATION_ENDED, OPERATION_NOT_FOUND. */
  cancel(id: string, by: string): Promise<OperationRecord>
  /** OPERATION_NOT_FOUND. */
  read(id: string): Promise<OperationRecord>
  /** Whether it waits or runs, so that more events will come. */
  isLive(id: string): boolean
  /**
   * Takes nothing on any more, cancels what waits, and what runs after `grace` milliseconds. Resolves when nothing runs,
   * and says whether something did.
   */
  stop(grace: number): Promise<boolean>
  /** Cancels at once what a `stop` still waits for. */
  hurry(): void
}

/** The operations of one stack: the one place where they are begun, told of and ended. */
export function runOperations(machinery: Machinery): Operations {
  const { records, events, queue, listener, ctx } = machinery
  const live = new Map<string, { record: OperationRecord; controller: AbortController }>()
  const byKey = idempotencyIndex(records.heads())
  let stopping: { hurry(): void } | undefined

  const timestamp = (): string => new Date(ctx.clock.now()).toISOString()

  function tell(record: OperationRecord, event: OperationEvent): void {
    const { type, ...rest } = withoutSecrets(event)
    const told = { type, at: timestamp(), ...rest }
    if (type === 'warning') record.warnings++
    try {
      events.append(record.id, told)
    } catch (error) {
      // A full disk must not end the operation whose events it cannot hold.
      ctx.logger.error('an event cannot be kept', { operation: record.id, error: String(error) })
    }
    listener.event(record, told)
  }

  async function keep(record: OperationRecord): Promise<void> {
    for (const forgotten of await records.write(record)) {
      events.remove(forgotten.id)
      if (forgotten.idempotency) byKey.remove(forgotten.idempotency)
    }
  }

  async function read(id: string): Promise<OperationRecord> {
    const record = live.get(id)?.record ?? (await records.read(id))
    if (record) return { ...record }
    throw notFound(id)
  }

  async function end(record: OperationRecord, ending: Partial<OperationRecord>): Promise<void> {
    Object.assign(record, withoutSecrets(ending), { endedAt: timestamp() })
    try {
      await keep(record)
    } catch (error) {
      ctx.logger.error('the end of an operation cannot be kept', { operation: record.id, error: String(error) })
    }
    live.delete(record.id)
    tell(record, { type: 'end', state: record.state, error: record.error })
    events.close(record.id)
    listener.ended(record)
  }

  async function run(record: OperationRecord, input: object, controller: AbortController): Promise<void> {
    Object.assign(record, { state: 'running', startedAt: timestamp() })
    const { signal } = controller
    const output = outputLines((event) => tell(record, event))
    try {
      signal.throwIfAborted()
      await keep(record)
      listener.started(record)
      tell(record, { type: 'state', state: 'running' })
      const own: Context = {
        ...ctx,
        signal,
        onProgress: throttled(
          (event) => tell(record, event),
          () => performance.now(),
        ),
      }
      await using stack = await openStack(machinery.opening, own)
      const effects = { ...machinery.effects, output }
      const work: Work = { id: record.id, stack, ctx: own, output, effects, workspaces: machinery.workspaces }
      const spec = kinds[record.kind] as unknown as KindSpec<object>
      const done = await spec.run(input, work).finally(() => output.end())
      await end(record, endingOf(done))
    } catch (error) {
      await end(record, endingOfError(error, signal))
    }
  }

  function abort(id: string, reason: AngeeError): void {
    live.get(id)?.controller.abort(reason)
  }

  async function endWaiting(id: string, reason: AngeeError): Promise<void> {
    const entry = live.get(id)
    if (entry) await end(entry.record, endingOfError(reason, AbortSignal.abort(reason)))
  }

  return {
    submit: async ({ kind, input, requestedBy, idempotency, trace }) => {
      const before = idempotency && byKey.find(idempotency)
      if (before) return { record: await read(before), replayed: true }
      if (stopping) throw stoppingNow()
      queue.requireRoom(kind, [...live.values()].filter(({ record }) => record.state === 'queued').length)
      const record: OperationRecord = {
        id: newSnapshotId(ctx.clock, ctx.random),
        kind,
        state: 'queued',
        input: withoutSecrets(toldOf(kind, input)),
        requestedBy,
        createdAt: timestamp(),
        startedAt: null,
        endedAt: null,
        warnings: 0,
        result: null,
        error: null,
        ...(idempotency === undefined ? {} : { idempotency }),
        ...(trace === undefined ? {} : { trace }),
      }
      // Before anything is waited for, so that what is asked for meanwhile is counted and recognised.
      const controller = new AbortController()
      live.set(record.id, { record, controller })
      if (idempotency) byKey.add(idempotency, record.id)
      try {
        await keep(record)
      } catch (error) {
        live.delete(record.id)
        if (idempotency) byKey.remove(idempotency)
        throw error
      }
      listener.queued(record)
      tell(record, { type: 'state', state: 'queued' })
      const answer = { record: { ...record }, replayed: false }
      queue.add(record.id, kinds[kind].lane, () => run(record, input, controller))
      if (stopping && queue.remove(record.id)) await endWaiting(record.id, cancelled('the end of the operator'))
      return answer
    },

    cancel: async (id, by) => {
      const entry = live.get(id)
      const reason = cancelled(by)
      if (entry && queue.remove(id)) await endWaiting(id, reason)
      else if (entry) entry.controller.abort(reason)
      else {
        const { state } = records.head(id) ?? { state: undefined }
        if (state === undefined) throw notFound(id)
        throw new AngeeError(
          'OPERATION_ENDED',
          `operation ${id} has ${state === 'running' ? 'been interrupted' : state}`,
          {
            hint: 'There is nothing to cancel any more.',
            context: { id, state },
          },
        )
      }
      return { ...entry.record }
    },

    replay: async (idempotency) => {
      const before = byKey.find(idempotency)
      return before === undefined ? undefined : read(before)
    },

    read,

    isLive: (id) => live.has(id),

    stop: async (grace) => {
      const hurried = Promise.withResolvers<void>()
      stopping = { hurry: hurried.resolve }
      const reason = cancelled('the end of the operator')
      const hadWork = live.size > 0
      for (const id of queue.waiting) if (queue.remove(id)) await endWaiting(id, reason)
      const waiting = new AbortController()
      const graceOver = ctx.clock.sleep(grace, waiting.signal).catch(() => undefined)
      await Promise.race([queue.idle(), hurried.promise, graceOver])
      waiting.abort()
      for (const id of queue.running) abort(id, reason)
      await queue.idle()
      return hadWork
    },

    hurry: () => stopping?.hurry(),
  }
}

function toldOf(kind: OperationKind, input: object): Record<string, unknown> {
  const { told } = kinds[kind] as unknown as KindSpec<object>
  return { ...(told ? told(input) : input) }
}

function stoppingNow(): AngeeError {
  return new AngeeError('OPERATOR_STOPPING', 'the operator is about to end, and takes nothing on', {
    hint: 'Ask again when it has been started again.',
    retry: 'later',
  })
}

function notFound(id: string): AngeeError {
  return new AngeeError('OPERATION_NOT_FOUND', `there is no operation ${id}`, {
    hint: 'List those there are: GET /operations. Old ones are forgotten.',
    context: { id },
  })
}
