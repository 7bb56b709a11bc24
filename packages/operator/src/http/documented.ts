import { type RouteConfig, z } from '@hono/zod-openapi'
import type { RouteSpec } from '../api/route.ts'
import { problem } from '../api/schemas/problem.ts'

const operationHeaders = z.object({
  location: z.string().meta({ description: 'The operation: /operations/ID' }),
  'idempotency-replayed': z
    .literal('true')
    .optional()
    .meta({ description: 'It was asked for before, with the same key' }),
})

const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({ description: 'The same request with the same key, sent again, is the same operation' })

/** A route of ours as the document describes it. */
export function documented(route: RouteSpec): RouteConfig {
  const { id, method, path, group, summary, scope, params, query, body, answer } = route
  const startsOperation = answer.status === 202 && id !== 'cancelOperation'
  const headers = headersOf(id, startsOperation)
  return {
    operationId: id,
    method,
    path,
    tags: [group],
    summary,
    description: scope === 'nobody' ? 'Needs no token.' : scope === 'any' ? 'Any token.' : `Scope: ${scope}.`,
    security: scope === 'nobody' ? [] : [{ token: [] }],
    request: {
      ...(params ? { params } : {}),
      ...(query ? { query } : {}),
      ...(headers ? { headers } : {}),
      ...(body ? { body: { content: { 'application/json': { schema: body } } } } : {}),
    },
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(startsOperation ? { headers: operationHeaders } : {}),
        content: { [answer.type ?? 'application/json']: { schema: answer.schema } },
      },
      ...(id === 'followOperation' ? { 204: { description: 'It has ended, and all was told' } } : {}),
      ...(scope === 'nobody' ? {} : problemAnswers()),
    },
  }
}

function headersOf(id: string, startsOperation: boolean): z.ZodObject | undefined {
  if (startsOperation) return z.object({ 'idempotency-key': idempotencyKey })
  if (id !== 'followOperation') return undefined
  return z.object({
    'last-event-id': z.string().optional().meta({ description: 'The "id" of the last event that arrived' }),
  })
}

/** Which status goes with which code is in docs/exit-codes.md. */
function problemAnswers() {
  const content = { 'application/problem+json': { schema: problem } }
  return {
    '4XX': { description: 'The request cannot be done as it is: "code" says why, "hint" what to do', content },
    '5XX': { description: 'It failed, or cannot be done now: "code" says why, "hint" what to do', content },
  }
}
