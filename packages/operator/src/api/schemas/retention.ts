import { z } from 'zod'
import { timestamp } from './common.ts'

const entry = z.object({
  id: z.string(),
  action: z.enum(['keep', 'remove']),
  reasons: z.array(z.object({ rule: z.string(), text: z.string() })).meta({ description: 'Why it stays or goes' }),
  name: z.string().optional(),
  created_at: timestamp.nullable(),
  stored_bytes: z.number().nullable(),
})

/** What a prune would remove, and what it stops at. */
export const prunePlan = z
  .object({
    timezone: z.string().meta({ description: 'Whose days and weeks are counted' }),
    empty_policy: z.boolean().meta({ description: 'The policy has no rule: everything stays' }),
    alarms: z
      .array(z.looseObject({ kind: z.string(), message: z.string() }))
      .meta({ description: 'What shrank: a prune stops unless "allow_shrink" is given' }),
    snapshots: z.array(entry),
    removed: z.array(z.string()),
    forgotten: z.array(z.string()).meta({ description: 'No longer in the backend, so no longer listed' }),
  })
  .meta({ id: 'PrunePlan' })
