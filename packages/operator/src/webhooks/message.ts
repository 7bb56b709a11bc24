import { hostname } from 'node:os'
import type { SnapshotManifest } from '@angee/core'
import { safeJson, toSnake } from '../json.ts'
import type { OperationRecord } from '../operations/record.ts'
import type { ScheduleFacts } from '../schedules/index.ts'

/** What is sent, once to each webhook that wants its type. */
export interface Message {
  /** The same however often it is sent. */
  id: string
  /** What happened to what: `backup.failed`, `schedule.overdue`. */
  type: string
  /** JSON, with every known secret cut out of it. */
  body: string
}

export interface About {
  name: string
  root: string
}

/** An operation has ended. */
export function operationMessage(record: OperationRecord, stack: About): Message {
  const { id, kind, state, requestedBy, createdAt, startedAt, endedAt, warnings, error } = record
  const operation = { id, kind, state, requestedBy, createdAt, startedAt, endedAt, warnings, error }
  return message(`msg_${id}`, `${kind}.${state}`, endedAt ?? createdAt, stack, { operation, ...snapshotOf(record) })
}

/** A due time has had no success for too long. `at` in ISO 8601. */
export function overdueMessage(schedule: ScheduleFacts, at: string, stack: About): Message {
  const since = (schedule.overdueSince ?? at).replaceAll(/\D/g, '')
  return message(`msg_overdue_${schedule.kind}_${since}`, 'schedule.overdue', at, stack, { schedule })
}

/** Says nothing but that it arrives. */
export function testMessage(id: string, at: string, stack: About): Message {
  return message(`msg_${id}`, 'webhook.test', at, stack, {})
}

function message(id: string, type: string, timestamp: string, stack: About, data: object): Message {
  const about = { ...stack, host: hostname() }
  return { id, type, body: safeJson(toSnake({ type, timestamp, data: { stack: about, ...data } })) }
}

/** In short: a message is no place for a manifest. */
function snapshotOf({ kind, result }: OperationRecord): object {
  const snapshot = kind === 'backup' ? (result as { snapshot?: SnapshotManifest } | null)?.snapshot : undefined
  if (snapshot === undefined) return {}
  const { id, name, status, parts, missing } = snapshot
  const sum = (of: 'raw' | 'stored'): number => parts.reduce((total, part) => total + part[of].bytes, 0)
  return {
    snapshot: {
      id,
      name: name ?? null,
      status,
      parts: parts.length,
      missing: missing.map(({ part }) => part),
      rawBytes: sum('raw'),
      storedBytes: sum('stored'),
    },
  }
}
