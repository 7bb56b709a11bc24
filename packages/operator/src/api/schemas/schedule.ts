import { z } from 'zod'
import { timestamp } from './common.ts'

const lastRun = z.object({
  state: z.enum(['succeeded', 'failed', 'cancelled', 'interrupted', 'skipped']).meta({
    description: 'skipped: it was due and not begun; "message" says why',
  }),
  at: timestamp,
  operation: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})

export const schedule = z
  .object({
    kind: z.enum(['backup', 'prune', 'verify', 'drill']),
    cron: z.string(),
    timezone: z.string(),
    next_at: timestamp.nullable(),
    // A union: the document would else say of a schema with a name that it may not be null.
    last: z.union([lastRun, z.null()]),
    succeeded_at: timestamp.nullable().meta({ description: 'Also when somebody had asked for it' }),
    overdue_since: timestamp.nullable().meta({ description: 'The due time that has had no success for too long' }),
  })
  .meta({ id: 'Schedule' })

export const scheduleList = z.object({
  schedules: z.array(schedule),
  problem: z
    .string()
    .nullable()
    .meta({ description: 'Why angee.yaml cannot be read now; the schedules it had last are followed' }),
})
