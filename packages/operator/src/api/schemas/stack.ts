import { z } from 'zod'
import { timestamp } from './common.ts'

const runtime = z.enum(['container', 'local'])

const service = z
  .object({
    service: z.string(),
    runtime,
    state: z.enum(['running', 'paused', 'stopped', 'absent']),
    health: z.enum(['healthy', 'unhealthy', 'starting', 'none']),
  })
  .meta({ id: 'Service' })

export const job = z
  .object({
    job: z.string(),
    runtime: runtime.nullable().meta({ description: 'null for a restore job, which no engine runs' }),
    state: z.enum(['loaded', 'done']).nullable(),
    done_at: timestamp.nullable(),
    snapshot: z.string().nullable(),
  })
  .meta({ id: 'Job' })

export const jobList = z.object({ jobs: z.array(job) })

export const stackStatus = z
  .object({
    name: z.string(),
    root: z.string(),
    services: z.array(service),
    jobs: z.array(job),
    working: z
      .object({ operation: z.string(), id: z.string(), since: timestamp })
      .nullable()
      .meta({ description: 'Who holds the lock of the stack' }),
    interrupted: z.array(z.object({ id: z.string(), type: z.string() })),
  })
  .meta({ id: 'StackStatus' })

export const upResult = z.object({
  name: z.string().meta({ description: 'Of the stack' }),
  services: z.array(service),
  restored: z.array(
    z.object({ job: z.string(), snapshot: z.string(), name: z.string().optional(), parts: z.array(z.string()) }),
  ),
  jobs: z.array(z.string()),
  files: z.array(z.object({ runtime, file: z.string(), outcome: z.enum(['written', 'kept', 'by-hand']) })),
})

export const downResult = z.object({ name: z.string(), volumes: z.boolean() })
export const jobResult = z.object({ job: z.string(), ran: z.boolean() })
