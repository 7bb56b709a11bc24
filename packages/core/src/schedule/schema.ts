import { z } from 'zod'
import { cronProblem } from './cron.ts'

const cron = z.string().superRefine((expression, { addIssue }) => {
  const problem = cronProblem(expression)
  if (problem !== undefined)
    addIssue({
      code: 'custom',
      message: `${problem}; write minute, hour, day, month and weekday, for example "0 3 * * *"`,
    })
})

const duration = z.string().regex(/^\d{1,6}(s|m|h|d)$/, 'write a number and a unit, for example "10m", "6h" or "30d"')

/** `backup.schedule` of a manifest. */
export const scheduleSchema = z
  .union(
    [
      cron.transform((backup) => ({ backup, verify_within: '30d', jitter: '0s' })),
      z.strictObject({
        backup: cron.optional().describe('When a snapshot is taken.'),
        prune: cron.optional().describe('When what backup.retention does not keep is removed.'),
        verify: cron.optional().describe('When some snapshots are read back, those longest not verified first.'),
        verify_within: duration.default('30d').describe('In this time every snapshot is verified once.'),
        drill: cron.optional().describe('When the newest snapshot is restored into a throw-away stack.'),
        jitter: duration
          .default('0s')
          .describe('Begin up to so much later, each time by another amount: for machines that share a storage.'),
      }),
    ],
    'is neither a cron expression nor a block of keys',
  )
  .describe('When the operator does what (cron, in backup.timezone). A text alone says when snapshots are taken.')

/** What can be done on a schedule. */
export const scheduledKinds = ['backup', 'prune', 'verify', 'drill'] as const
export type ScheduledKind = (typeof scheduledKinds)[number]

/** The schedules of a stack. */
export interface Schedules {
  /** Cron expression by what is done then. */
  cron: Partial<Record<ScheduledKind, string>>
  /** Milliseconds. */
  jitter: number
  /** Milliseconds in which every snapshot is verified once. */
  verifyWithin: number
}
