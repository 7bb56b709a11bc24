import { z } from 'zod'
import { timestamp } from './common.ts'
import { upResult } from './stack.ts'

const leases = z.record(z.string(), z.number().int()).meta({ description: 'Port by pool' })
const inputs = z
  .record(z.string(), z.unknown())
  .meta({ description: 'What the template asked for; secrets are left out' })
const path = z.string().meta({ description: 'On the machine of the operator' })

export const workspace = z
  .object({
    name: z.string(),
    status: z.enum(['ready', 'creating', 'destroying', 'missing']),
    path,
    stack_root: z.string().nullable(),
    template: z.string(),
    inputs,
    leases,
    created_at: timestamp,
    snapshot: z.string().nullable().meta({ description: 'That it began with' }),
  })
  .meta({ id: 'Workspace' })

export const workspaceList = z.object({ workspaces: z.array(workspace) })

export const workspaceResult = z.object({
  name: z.string(),
  path,
  stack_root: z.string().nullable(),
  template: z.string(),
  inputs,
  leases,
  restore: z.object({ job: z.string(), snapshot: z.string() }).nullable(),
  notes: z.array(z.string()).meta({ description: 'What the templates ask for and is not done' }),
  message: z.string().nullable(),
  up: upResult.omit({ name: true }).nullable(),
})

export const destroyResult = z.object({ destroyed: z.string() })
