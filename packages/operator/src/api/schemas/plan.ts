import { z } from 'zod'
import { bytes, timestamp } from './common.ts'

/** What a restore would do. `digest` confirms exactly this. */
export const restorePlan = z
  .object({
    digest: z.string().meta({ description: 'Names this plan when a restore is asked for' }),
    snapshot: z.object({ id: z.string(), name: z.string().optional(), created_at: timestamp }),
    root: z.string(),
    parts: z.array(
      z.object({
        part: z.string(),
        action: z.enum(['replace', 'create', 'empty', 'load', 'keep', 'skip']),
        bytes,
        detail: z.string().meta({ description: 'Where it goes, or why nothing happens' }),
        keep: z.array(z.string()).meta({ description: 'Paths inside that stay as they are' }),
      }),
    ),
    bytes,
    space: z.object({ directory: z.string(), needed: bytes, free: bytes }),
    services: z.object({ stopped: z.array(z.string()), started: z.array(z.string()) }),
    safety: z.object({ wanted: z.boolean(), parts: z.array(z.string()) }),
    unfinished: z
      .array(z.object({ id: z.string(), type: z.string(), snapshot: z.string() }))
      .meta({ description: 'Operations that run, or were interrupted; an interrupted one is dealt with first' }),
  })
  .meta({ id: 'RestorePlan' })

/** What a finished restore answers. */
export const restoreResult = z.object({
  snapshot: z.object({ id: z.string(), name: z.string().optional(), created_at: timestamp }),
  safety: z.string().nullable().meta({ description: 'The safety snapshot taken first' }),
  replaced: z.array(z.string()),
  emptied: z.array(z.string()),
  kept: z.array(z.object({ part: z.string(), reason: z.string() })),
})
