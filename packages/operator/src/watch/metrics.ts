import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { OperationListener } from '../operations/listener.ts'
import { countSorts, newestGood, newestProof, oldestVerification, seconds, type WatchFacts } from './facts.ts'

/** What a scraper of Prometheus is told. */
export interface Metrics {
  readonly contentType: string
  /** Counts what operations come to. */
  readonly listener: OperationListener
  /** Counts an answer. `route` is its operationId, `none` where there is no such route. */
  answered(route: string, status: number, milliseconds: number): void
  /** Counts a try to deliver a message to a webhook. */
  delivered(outcome: 'delivered' | 'failed' | 'given_up'): void
  /** The exposition. What is known of the stack is looked at now; what operations came to is counted since the start. */
  expose(facts: WatchFacts): Promise<string>
}

/**
 * Names and units follow https://prometheus.io/docs/practices/naming/. Whatever concerns the stack comes from its catalog,
 * so that a restart of the operator changes none of it.
 */
export function makeMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const own = { registers: [registry] }
  const gauge = (name: string, help: string) => new Gauge({ name: `angee_${name}`, help, ...own })
  const by = <Label extends string>(label: Label, name: string, help: string) =>
    new Gauge({ name: `angee_${name}`, help, labelNames: [label], ...own })

  const info = by('version', 'operator_info', 'Always 1; the version of the operator')
  const ready = gauge('operator_ready', '1 when the operator takes work on, 0 while it recovers or ends')
  const snapshots = by('status', 'snapshots', 'Snapshots in the catalog: complete, partial, safety, damaged')
  const storedTotal = gauge('snapshots_stored_bytes', 'What all snapshots take up in the backend')
  const unreadable = gauge('catalog_damaged_lines', 'Lines of the catalog that cannot be read')
  const successAt = gauge('last_success_timestamp_seconds', 'When the newest complete snapshot was taken')
  const took = gauge('last_success_duration_seconds', 'How long the newest complete snapshot took')
  const raw = gauge('last_success_raw_bytes', 'What the newest complete snapshot holds, before compression')
  const stored = gauge('last_success_stored_bytes', 'What the newest complete snapshot takes up')
  const warned = gauge('last_success_warnings', 'Warnings in the newest complete snapshot')
  const verified = gauge(
    'oldest_verification_timestamp_seconds',
    'When the snapshot was read back that was not for longest',
  )
  const proven = gauge('last_proven_timestamp_seconds', 'When a drill last proved a snapshot restorable')
  const next = by('kind', 'schedule_next_timestamp_seconds', 'When a schedule is due next')
  const scheduled = by('kind', 'schedule_last_success_timestamp_seconds', 'When what is on a schedule last succeeded')
  const overdue = by('kind', 'schedule_overdue', '1 when a due time has had no success for too long')
  const live = by('state', 'operations', 'Operations that run or wait now')
  const undelivered = gauge('webhook_messages_pending', 'Messages to webhooks that have not been delivered')
  const ended = new Counter({
    name: 'angee_operations_total',
    help: 'Operations that have ended since the operator was started',
    labelNames: ['kind', 'state'],
    ...own,
  })
  const failures = new Counter({
    name: 'angee_operation_failures_total',
    help: 'Operations that failed or were interrupted, by the code of their error',
    labelNames: ['kind', 'code'],
    ...own,
  })
  const durations = new Histogram({
    name: 'angee_operation_duration_seconds',
    help: 'How long operations ran that have succeeded',
    labelNames: ['kind'],
    buckets: [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200],
    ...own,
  })
  const requests = new Histogram({
    name: 'angee_http_request_duration_seconds',
    help: 'How long answers took, by route and status',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5],
    ...own,
  })
  const deliveries = new Counter({
    name: 'angee_webhook_deliveries_total',
    help: 'Tries to deliver a message to a webhook: delivered, failed (tried again), given_up',
    labelNames: ['outcome'],
    ...own,
  })

  function look(facts: WatchFacts): void {
    const { records, schedules } = facts
    const newest = newestGood(records)
    for (const one of [info, snapshots, next, scheduled, overdue, live]) one.reset()
    info.set({ version: facts.version }, 1)
    ready.set(facts.ready ? 1 : 0)
    for (const [status, count] of Object.entries(countSorts(records))) snapshots.set({ status }, count)
    storedTotal.set(records.reduce((sum, { parts }) => sum + parts.reduce((of, part) => of + part.storedBytes, 0), 0))
    unreadable.set(facts.damagedLines.length)
    // Zero where there was none: "longer ago than a day" is true of it, as it should be.
    successAt.set(newest?.at ?? 0)
    took.set(newest?.took ?? 0)
    raw.set(newest?.rawBytes ?? 0)
    stored.set(newest?.storedBytes ?? 0)
    warned.set(newest?.warnings ?? 0)
    verified.set(oldestVerification(records) ?? 0)
    proven.set(newestProof(records) ?? 0)
    for (const { kind, nextAt, succeededAt, overdueSince } of schedules) {
      if (nextAt !== null) next.set({ kind }, seconds(nextAt))
      scheduled.set({ kind }, succeededAt === null ? 0 : seconds(succeededAt))
      overdue.set({ kind }, overdueSince === null ? 0 : 1)
    }
    live.set({ state: 'running' }, facts.running)
    live.set({ state: 'queued' }, facts.queued)
    undelivered.set(facts.undelivered)
  }

  return {
    contentType: registry.contentType,
    listener: {
      ended: ({ kind, state, error, startedAt, endedAt }) => {
        ended.inc({ kind, state })
        if (state === 'failed' || state === 'interrupted') failures.inc({ kind, code: error?.code ?? 'INTERNAL' })
        if (state === 'succeeded' && startedAt !== null && endedAt !== null) {
          durations.observe({ kind }, seconds(endedAt) - seconds(startedAt))
        }
      },
    },
    answered: (route, status, milliseconds) => requests.observe({ route, status }, milliseconds / 1000),
    delivered: (outcome) => deliveries.inc({ outcome }),
    expose: async (facts) => {
      registry.setDefaultLabels({ stack: facts.stack })
      look(facts)
      return registry.metrics()
    },
  }
}
