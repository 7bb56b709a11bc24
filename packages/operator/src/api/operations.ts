import { z } from 'zod'
import { defineRoute } from './route.ts'
import { pageQuery } from './schemas/common.ts'
import { operation, operationPage, operationStates } from './schemas/operation.ts'

const ofOne = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    .meta({ description: 'The id of an operation' }),
})

export const listOperations = defineRoute({
  id: 'listOperations',
  method: 'get',
  path: '/operations',
  group: 'operations',
  summary: 'List operations, the newest first',
  scope: 'read',
  query: z.strictObject({ ...pageQuery, state: z.enum(operationStates).optional() }),
  answer: { status: 200, description: 'A page of them', schema: operationPage },
})

export const showOperation = defineRoute({
  id: 'showOperation',
  method: 'get',
  path: '/operations/{id}',
  group: 'operations',
  summary: 'One operation. A token may always see those it asked for',
  scope: 'any',
  params: ofOne,
  answer: { status: 200, description: 'As it is now', schema: operation },
})

export const followOperation = defineRoute({
  id: 'followOperation',
  method: 'get',
  path: '/operations/{id}/events',
  group: 'operations',
  summary:
    'The events of an operation from its begin, or after the header Last-Event-ID. Ends after the event "end"; asked again after that, the answer is empty',
  scope: 'any',
  params: ofOne,
  answer: {
    status: 200,
    description: 'phase, part, warning, note, output, state, and last end',
    schema: z.string(),
    type: 'text/event-stream',
  },
})

export const cancelOperation = defineRoute({
  id: 'cancelOperation',
  method: 'post',
  path: '/operations/{id}/cancel',
  group: 'operations',
  summary: 'End an operation that waits or runs; it undoes what it has begun',
  scope: 'any',
  params: ofOne,
  answer: { status: 202, description: 'It is being ended', schema: operation },
  errors: ['OPERATION_ENDED'],
})
