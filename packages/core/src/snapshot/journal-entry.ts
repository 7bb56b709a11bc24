import type { RuntimeKind } from '../contract/index.ts'

/** A service that this operation has frozen or stopped and must bring back. */
export interface QuiescedService {
  service: string
  kind: RuntimeKind
  how: 'pause' | 'stop'
}

/** What a snapshot must undo whatever happens to it. Durable before each step it tells of. */
export interface SnapshotJournal {
  type: 'snapshot'
  startedAt: string
  /** Services whose `before` hook has started, so that their `after` hook is owed. */
  owedAfter: string[]
  quiesced: QuiescedService[]
}
