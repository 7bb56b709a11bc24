import type { OperationRecord } from '../operations/record.ts'

/** An operation as the API shows it. */
export function operationFacts({ idempotency: _, ...facts }: OperationRecord): Omit<OperationRecord, 'idempotency'> {
  return facts
}
