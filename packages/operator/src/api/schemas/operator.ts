import { z } from 'zod'

export const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })

export const readiness = z
  .object({
    status: z.enum(['ready', 'recovering', 'stopping']),
    stack: z.string().meta({ description: 'What the stack is called' }),
    version: z.string(),
    running: z.number().int().meta({ description: 'Operations that run' }),
    queued: z.number().int().meta({ description: 'Operations that wait' }),
  })
  .meta({ id: 'Readiness' })
