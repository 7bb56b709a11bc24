import { z } from 'zod'
import { nextCursor, timestamp } from './common.ts'
import { restoreResult } from './plan.ts'
import { failure } from './problem.ts'
import { prunePlan } from './retention.ts'
import { backupResult, copyResult, drillResult, reindexResult, removeResult, verifyResult } from './snapshot.ts'
import { downResult, jobResult, upResult } from './stack.ts'
import { destroyResult, workspaceResult } from './workspace.ts'

export const operationStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const

/** What each kind of operation answers when it has succeeded. A new kind is added here, and in operations/kinds. */
export const results = {
  backup: backupResult,
  restore: restoreResult,
  undo: restoreResult,
  remove: removeResult,
  prune: prunePlan,
  verify: verifyResult,
  reindex: reindexResult,
  copy: copyResult,
  drill: drillResult,
  up: upResult,
  down: downResult,
  job: jobResult,
  workspace_create: workspaceResult,
  workspace_destroy: destroyResult,
}

export const operationKind = z.enum(Object.keys(results) as [keyof typeof results])

export const operation = z
  .object({
    id: z.string(),
    kind: operationKind,
    state: z.enum(operationStates).meta({
      description:
        'interrupted: the operator ended while it waited or ran; what it had begun is finished or undone, and "error" says which',
    }),
    input: z.record(z.string(), z.unknown()).meta({ description: 'What was asked for' }),
    requested_by: z.object({ token: z.string(), name: z.string() }),
    created_at: timestamp,
    started_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
    warnings: z.number().int(),
    result: z.union(Object.values(results)).nullable(),
    // A union: the document would else say of a schema with a name that it may not be null.
    error: z.union([failure, z.null()]),
  })
  .meta({ id: 'Operation' })

export const operationPage = z
  .object({ operations: z.array(operation), next_cursor: nextCursor })
  .meta({ id: 'OperationPage' })
