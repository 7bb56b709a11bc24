import { z } from 'zod'

/** An error as an operation and a problem tell it. */
export const failure = z
  .object({
    code: z.string().meta({ description: 'Stable; see docs/exit-codes.md', example: 'SNAPSHOT_NOT_FOUND' }),
    message: z.string(),
    hint: z.string().optional().meta({ description: 'What to do now' }),
    context: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Failure' })

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string().meta({ example: 'urn:angee:error:SNAPSHOT_NOT_FOUND' }),
    title: z.string().meta({ description: 'The code in words' }),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable; see docs/exit-codes.md', example: 'SNAPSHOT_NOT_FOUND' }),
    hint: z.string().optional().meta({ description: 'What to do now' }),
    context: z.record(z.string(), z.unknown()),
    plan: z.unknown().optional().meta({ description: 'Of PLAN_NOT_CONFIRMED: the plan as it is now' }),
  })
  .meta({ id: 'Problem', description: 'What went wrong, as RFC 9457 has it' })
