import type { ScheduleFacts } from '../schedules/facts.ts'
import type { OperationEvent } from './events.ts'
import type { OperationRecord } from './record.ts'

/**
 * Whoever wants to know what operations do: metrics, the log, webhooks. The first four are called in this order for each
 * operation; none of it may throw, and nothing waits for it.
 */
export interface OperationListener {
  queued?(operation: OperationRecord): void
  started?(operation: OperationRecord): void
  event?(operation: OperationRecord, event: OperationEvent): void
  /** Succeeded, failed, cancelled or interrupted. */
  ended?(operation: OperationRecord): void
  /** A due time has had no success for too long. Told once. */
  overdue?(schedule: ScheduleFacts): void
}

/** One listener that calls all of `listeners`; one that throws harms nobody else. */
export function allListeners(
  listeners: readonly OperationListener[],
  onError: (error: unknown) => void,
): Required<OperationListener> {
  const each = (call: (listener: OperationListener) => void): void => {
    for (const listener of listeners) {
      try {
        call(listener)
      } catch (error) {
        onError(error)
      }
    }
  }
  return {
    queued: (operation) => each((one) => one.queued?.(operation)),
    started: (operation) => each((one) => one.started?.(operation)),
    event: (operation, event) => each((one) => one.event?.(operation, event)),
    ended: (operation) => each((one) => one.ended?.(operation)),
    overdue: (schedule) => each((one) => one.overdue?.(schedule)),
  }
}
