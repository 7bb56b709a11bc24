import { createHash } from 'node:crypto'
import { AngeeError } from '@angee/core'
import type { OperationRecord } from './record.ts'
import type { OperationHead } from './records.ts'

type Idempotency = NonNullable<OperationRecord['idempotency']>

/** What identifies a request that may come twice: the key, of that token, and all that was asked for. */
export function idempotencyOf(token: string, key: string, request: unknown): Idempotency {
  return { key: digest([token, key]), request: digest(request) }
}

/** Which operation was taken on under which key. */
export interface IdempotencyIndex {
  /** The id of the operation; undefined when there is none. IDEMPOTENCY_KEY_REUSED when it was for another request. */
  find(idempotency: Idempotency): string | undefined
  add(idempotency: Idempotency, id: string): void
  remove(idempotency: Idempotency): void
}

export function idempotencyIndex(heads: readonly OperationHead[]): IdempotencyIndex {
  const known = new Map<string, { id: string; request: string }>()
  for (const { id, idempotency } of heads) {
    if (idempotency) known.set(idempotency.key, { id, request: idempotency.request })
  }
  return {
    find: ({ key, request }) => {
      const before = known.get(key)
      if (before === undefined || before.request === request) return before?.id
      throw new AngeeError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used for another request', {
        hint: 'Use a new key for each thing that is asked for, and the same one only to ask again.',
        context: { operation: before.id },
      })
    },
    add: ({ key, request }, id) => void known.set(key, { id, request }),
    remove: ({ key }) => void known.delete(key),
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
