import { z } from 'zod'
import { defineRoute } from './route.ts'
import { entryName } from './schemas/common.ts'
import { operation } from './schemas/operation.ts'
import { jobList, stackStatus } from './schemas/stack.ts'

const accepted = { status: 202, description: 'It will be done', schema: operation } as const

export const bringUp = defineRoute({
  id: 'bringUp',
  method: 'post',
  path: '/stack/up',
  group: 'stack',
  summary: 'Bring services up, with the data of a restore job first; safe to repeat',
  scope: 'admin',
  body: z.strictObject({
    services: z.array(entryName).min(1).max(1000).optional(),
    wait: z.boolean().default(true).meta({ description: 'Until they are healthy' }),
  }),
  answer: accepted,
})

export const takeDown = defineRoute({
  id: 'takeDown',
  method: 'post',
  path: '/stack/down',
  group: 'stack',
  summary: 'Stop and remove what runs; files and snapshots stay',
  scope: 'admin',
  body: z.strictObject({
    volumes: z
      .boolean()
      .default(false)
      .meta({ description: "Remove the engine's volumes too: what lies there is lost" }),
  }),
  answer: accepted,
})

export const status = defineRoute({
  id: 'status',
  method: 'get',
  path: '/stack/status',
  group: 'stack',
  summary: 'What runs and how it is, which jobs have been done, who works on the stack',
  scope: 'read',
  answer: { status: 200, description: 'As it is now', schema: stackStatus },
})

export const listJobs = defineRoute({
  id: 'listJobs',
  method: 'get',
  path: '/jobs',
  group: 'jobs',
  summary: 'List the jobs of the stack',
  scope: 'read',
  answer: { status: 200, description: 'With what is remembered of each', schema: jobList },
})

export const runJob = defineRoute({
  id: 'runJob',
  method: 'post',
  path: '/jobs/{name}/run',
  group: 'jobs',
  summary: 'Run a job, after starting what it depends on',
  scope: 'admin',
  params: z.strictObject({ name: entryName }),
  body: z.strictObject({
    again: z.boolean().default(false).meta({ description: 'A restore job also when it has been done' }),
  }),
  answer: accepted,
})
