import { type RouteConfig, z } from '@hono/zod-openapi'
import type { RouteSpec } from '../api/route.ts'
import { problem } from '../api/schemas/problem.ts'

/** Statuses that a route may answer besides its own, with what they mean. */
const problems: Record<number, string> = {
  400: 'The request is wrong',
  401: 'No token, or none that is good',
  403: 'The token does not allow it',
  404: 'There is no such thing',
  409: 'It does not fit what is there',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'It cannot be done as it is asked for, or as angee.yaml is written',
  423: 'Another command works on the stack',
  429: 'Too many requests without a good token',
  500: 'It failed',
  502: 'An engine, a hook or the backend failed',
  503: 'The operator, an engine or the backend cannot be reached, or too much waits',
  504: 'A hook took too long',
  507: 'The disk is full',
}

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

function problemAnswers() {
  return Object.fromEntries(
    Object.entries(problems).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: problem } } },
    ]),
  )
}
