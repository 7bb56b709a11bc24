import type { OperationRecord } from '../operations/record.ts'

/** An operation as the API shows it. */
export function operationFacts({
  idempotency: _,
  trace: __,
  ...facts
}: OperationRecord): Omit<OperationRecord, 'idempotency' | 'trace'> {
  return facts
}
