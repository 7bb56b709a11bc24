import { z } from 'zod'
import { defineRoute } from './route.ts'
import { onlyParts, queryFlag, snapshotReference } from './schemas/common.ts'
import { operation } from './schemas/operation.ts'
import { workspaceList } from './schemas/workspace.ts'

const accepted = { status: 202, description: 'It will be done', schema: operation } as const
const workspaceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .meta({ description: 'Lower-case letters, digits and "-"', example: 'faster-search' })

export const listWorkspaces = defineRoute({
  id: 'listWorkspaces',
  method: 'get',
  path: '/workspaces',
  group: 'workspaces',
  summary: 'List the workspaces of the stack',
  scope: 'read',
  answer: { status: 200, description: 'By name', schema: workspaceList },
})

export const createWorkspace = defineRoute({
  id: 'createWorkspace',
  method: 'post',
  path: '/workspaces',
  group: 'workspaces',
  summary: 'Make a workspace from a template, with the data of a snapshot where one is named',
  scope: 'admin',
  body: z.strictObject({
    name: workspaceName.optional(),
    template: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/)
      .meta({ description: 'A short name, of a template that lies with the stack', example: 'experiment' }),
    inputs: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.unknown())
      .default({})
      .meta({ description: 'Answers to the questions of the template' }),
    restore: snapshotReference.optional(),
    only: onlyParts,
    up: z.boolean().optional().meta({ description: 'Bring its stack up; by default where a snapshot is restored' }),
  }),
  answer: accepted,
})

export const destroyWorkspace = defineRoute({
  id: 'destroyWorkspace',
  method: 'delete',
  path: '/workspaces/{name}',
  group: 'workspaces',
  summary: 'Remove a workspace with everything in it',
  scope: 'admin',
  params: z.strictObject({ name: workspaceName }),
  query: z.strictObject({
    purge: queryFlag.meta({ description: 'Take its stack down first, and remove git checkouts that it holds too' }),
  }),
  answer: accepted,
})
