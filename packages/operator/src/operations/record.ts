import type { AngeeError } from '@angee/core'
import type { OperationKind } from './kind.ts'

export type OperationState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted'

export interface Failure {
  code: string
  message: string
  hint?: string
  context: Record<string, unknown>
}

/** What is kept of an operation, durably before anybody is told of it. */
export interface OperationRecord {
  /** A ULID. A backup's is the id of its snapshot. */
  id: string
  kind: OperationKind
  state: OperationState
  input: Record<string, unknown>
  requestedBy: { token: string; name: string }
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  warnings: number
  result: object | null
  error: Failure | null
  /** Of the header Idempotency-Key: digests of the key and of the request. */
  idempotency?: { key: string; request: string }
  /** The header `traceparent` that it was asked for with. */
  trace?: string
}

/** Whether nothing will happen to it any more. */
export function hasEnded({ state }: Pick<OperationRecord, 'state'>): boolean {
  return state !== 'queued' && state !== 'running'
}

export function failureOf({ code, message, hint, context }: AngeeError): Failure {
  return { code, message, ...(hint === undefined ? {} : { hint }), context }
}
