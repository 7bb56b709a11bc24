import { AngeeError, type ErrorCode, isAngeeError, toAngeeError } from '@angee/core'
import type { Done } from './kind.ts'
import { failureOf, type OperationRecord } from './record.ts'

/** After these the stack is not as it was, whoever ended the operation: that is what has to be told. */
const graver: readonly ErrorCode[] = ['RESTORE_UNFINISHED', 'SNAPSHOT_FAILED', 'DRILL_FAILED']

type Ending = Pick<OperationRecord, 'state' | 'result' | 'error'>

/** How an operation is told to have ended that ran to its end. */
export function endingOf({ result, error }: Done): Ending {
  return { state: error ? 'failed' : 'succeeded', result, error: error ? failureOf(error) : null }
}

/** How one is told to have ended that threw. An abort reaches some calls as an error of their own. */
export function endingOfError(thrown: unknown, signal: AbortSignal): Ending {
  const error = toAngeeError(thrown)
  const isCancelled = signal.aborted && !graver.includes(error.code)
  const told = isCancelled && isAngeeError(signal.reason) ? signal.reason : error
  return { state: isCancelled ? 'cancelled' : 'failed', result: null, error: failureOf(told) }
}

/** The reason a cancelled operation is ended with. */
export function cancelled(by: string): AngeeError {
  return new AngeeError('INTERRUPTED', `cancelled by ${by}`, {
    hint: 'Ask for it again when you want it done.',
    retry: 'now',
  })
}

/** What one is told to have ended with that the operator did not live to see end. */
export function interruptedWhile(state: 'queued' | 'running', outcome: string): AngeeError {
  const what = state === 'queued' ? 'it waited, and was never begun' : `it ran; ${outcome}`
  return new AngeeError('INTERRUPTED', `the operator ended while ${what}`, {
    hint: 'Ask for it again when you want it done.',
    retry: 'now',
  })
}
