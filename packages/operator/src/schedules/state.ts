import type { ScheduledKind, Store } from '@angee/core'
import { z } from 'zod'
import { operatorKeys } from '../state/keys.ts'

/** How a scheduled run ended, or why it was not begun. */
export interface LastRun {
  state: 'succeeded' | 'failed' | 'cancelled' | 'interrupted' | 'skipped'
  /** ISO 8601, UTC, like all times here. */
  at: string
  operation?: string
  code?: string
  message?: string
}

/** What is remembered of one schedule. */
export interface ScheduleState {
  /** The schedule this is about: another expression is another schedule. */
  cron: string
  timezone: string
  /** When it was first seen: nothing was due before. */
  since: string
  /** The due time that was dealt with last. */
  handled: string
  /** The operation of the last run. */
  operation?: string
  last?: LastRun
  succeededAt?: string
  /** The due time of which it was told that it is overdue. */
  overdueTold?: string
}

export type ScheduleStates = Partial<Record<ScheduledKind, ScheduleState>>

const time = z.iso.datetime()
const state = z.object({
  cron: z.string(),
  timezone: z.string(),
  since: time,
  handled: time,
  operation: z.string().optional(),
  last: z
    .object({
      state: z.enum(['succeeded', 'failed', 'cancelled', 'interrupted', 'skipped']),
      at: time,
      operation: z.string().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
  succeededAt: time.optional(),
  overdueTold: time.optional(),
})
const states = z.partialRecord(z.enum(['backup', 'prune', 'verify', 'drill']), state)

/**
 * What is remembered; nothing where it is not there, was cut or is not ours: the schedules then begin anew, and what was
 * run already is recognised by its Idempotency-Key.
 */
export async function readStates(store: Store): Promise<ScheduleStates> {
  const value = await store.get(operatorKeys.schedules)
  if (value === undefined) return {}
  try {
    return states.parse(JSON.parse(value.bytes.toString())) as ScheduleStates
  } catch {
    return {}
  }
}

/** Replaces what is remembered. The caller is the only one who does so. */
export async function writeStates(store: Store, next: ScheduleStates): Promise<void> {
  const before = await store.get(operatorKeys.schedules)
  await store.put(operatorKeys.schedules, Buffer.from(JSON.stringify(next, undefined, 1)), before?.version)
}
