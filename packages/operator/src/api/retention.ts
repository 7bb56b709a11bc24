import { retentionSchema } from '@angee/core'
import { z } from 'zod'
import { defineRoute } from './route.ts'
import { operation } from './schemas/operation.ts'
import { prunePlan } from './schemas/retention.ts'

const policy = retentionSchema
  .optional()
  .meta({ description: 'In place of the rules under backup.retention of angee.yaml' })

export const planPrune = defineRoute({
  id: 'planPrune',
  method: 'post',
  path: '/stack/backups/prune/plan',
  group: 'backups',
  summary: 'What the retention policy keeps and what it removes, with the reasons; changes nothing',
  scope: 'read',
  body: z.strictObject({ policy }),
  answer: { status: 200, description: 'The plan', schema: prunePlan },
})

export const prune = defineRoute({
  id: 'prune',
  method: 'post',
  path: '/stack/backups/prune',
  group: 'backups',
  summary: 'Remove what the retention policy does not keep',
  scope: 'prune',
  body: z.strictObject({
    policy,
    allow_shrink: z.boolean().default(false).meta({ description: 'Go on although something shrank' }),
    agreed: z
      .array(z.string().regex(/^[0-9A-Za-z]{26}$/))
      .max(100_000)
      .optional()
      .meta({ description: 'Remove no others than these' }),
  }),
  answer: { status: 202, description: 'It will be done', schema: operation },
  errors: ['RETENTION_STOPPED'],
})
