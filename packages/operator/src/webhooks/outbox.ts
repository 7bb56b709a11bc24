import type { Store } from '@angee/core'
import { z } from 'zod'
import { operatorKeys } from '../state/keys.ts'

/** A message that has not been delivered to one webhook. */
export interface Pending {
  id: string
  type: string
  body: string
  /** The webhook, as the manifest has its address. */
  to: string
  /** How often it was tried. */
  attempts: number
  /** ISO 8601, like all times here. */
  nextAt: string
  problem?: string
}

/** What is kept of messages. */
export interface OutboxState {
  /** Operations that ended before this are no news. */
  since: string
  /** The ids of operations of which messages have been made, the oldest first. */
  told: string[]
  pending: Pending[]
}

const pending = z.object({
  id: z.string(),
  type: z.string(),
  body: z.string(),
  to: z.string(),
  attempts: z.number(),
  nextAt: z.iso.datetime(),
  problem: z.string().optional(),
})
const outbox = z.object({ since: z.iso.datetime(), told: z.array(z.string()), pending: z.array(pending) })

/** So many operations are remembered as told; twice as many as are kept. */
const mostTold = 1000
/** So many messages wait at most; the oldest give way. */
export const mostPending = 1000

/** What is kept; a new beginning at `now` where nothing is, or it was cut. */
export async function readOutbox(store: Store, now: string): Promise<OutboxState> {
  const value = await store.get(operatorKeys.webhooks)
  try {
    if (value !== undefined) return outbox.parse(JSON.parse(value.bytes.toString())) as OutboxState
  } catch {
    // Rather a message that is not sent than no operator.
  }
  return { since: now, told: [], pending: [] }
}

/** Replaces what is kept. The caller is the only one who does so. */
export async function writeOutbox(store: Store, state: OutboxState): Promise<void> {
  const before = await store.get(operatorKeys.webhooks)
  const bytes = Buffer.from(JSON.stringify({ ...state, told: state.told.slice(-mostTold) }, undefined, 1))
  await store.put(operatorKeys.webhooks, bytes, before?.version)
}
