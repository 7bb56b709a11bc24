import { z } from 'zod'
import { defineRoute } from './route.ts'
import { onlyParts, snapshotReference } from './schemas/common.ts'
import { operation } from './schemas/operation.ts'
import { restorePlan } from './schemas/plan.ts'

const accepted = { status: 202, description: 'It will be done', schema: operation } as const
const confirmed = z
  .string()
  .max(100)
  .optional()
  .meta({ description: 'The "digest" of the plan that is agreed to; without it the answer is 409 with the plan' })
const abandon = z
  .boolean()
  .default(false)
  .meta({ description: 'Give up an earlier restore that can be neither finished nor undone' })
const withoutSafety = z
  .boolean()
  .default(false)
  .meta({ description: 'Take no safety snapshot first: there is then no way back' })

const wanted = {
  only: onlyParts,
  allow_partial: z.boolean().default(false).meta({ description: 'Accept a snapshot in which parts are missing' }),
  without_safety: withoutSafety,
}

export const planRestore = defineRoute({
  id: 'planRestore',
  method: 'post',
  path: '/stack/restore/plan',
  group: 'restore',
  summary: 'What a restore would do, part by part; changes nothing',
  scope: 'read',
  body: z.strictObject({
    snapshot: snapshotReference.optional(),
    undo: z.boolean().default(false).meta({ description: 'Instead of a snapshot: what an undo would do' }),
    ...wanted,
  }),
  answer: { status: 200, description: 'The plan, and the digest that confirms it', schema: restorePlan },
})

export const restore = defineRoute({
  id: 'restore',
  method: 'post',
  path: '/stack/restore',
  group: 'restore',
  summary: 'Put the data of a snapshot in place of what is there; all of it or nothing',
  scope: 'restore',
  body: z.strictObject({ snapshot: snapshotReference, ...wanted, abandon, plan: confirmed }),
  answer: accepted,
  errors: ['PLAN_NOT_CONFIRMED'],
})

export const undoRestore = defineRoute({
  id: 'undoRestore',
  method: 'post',
  path: '/stack/restore/undo',
  group: 'restore',
  summary: 'Return to what the last restore replaced',
  scope: 'restore',
  body: z.strictObject({ without_safety: withoutSafety, abandon, plan: confirmed }),
  answer: accepted,
  errors: ['PLAN_NOT_CONFIRMED'],
})
