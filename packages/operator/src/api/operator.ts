import { z } from 'zod'
import { defineRoute } from './route.ts'
import { health, readiness } from './schemas/operator.ts'

export const healthz = defineRoute({
  id: 'healthz',
  method: 'get',
  path: '/healthz',
  group: 'operator',
  summary: 'Whether the operator runs',
  scope: 'nobody',
  answer: { status: 200, description: 'It runs', schema: health },
})

export const readyz = defineRoute({
  id: 'readyz',
  method: 'get',
  path: '/readyz',
  group: 'operator',
  summary: 'Whether it can work: the stack opens, and nothing is left half done',
  scope: 'any',
  answer: { status: 200, description: 'How it is', schema: readiness },
})

export const metrics = defineRoute({
  id: 'metrics',
  method: 'get',
  path: '/metrics',
  group: 'operator',
  summary: 'Metrics for Prometheus',
  scope: 'read',
  answer: { status: 200, description: 'In its text format', schema: z.string(), type: 'text/plain' },
})

export const openapi = defineRoute({
  id: 'openapi',
  method: 'get',
  path: '/openapi.json',
  group: 'operator',
  summary: 'This document',
  scope: 'any',
  answer: { status: 200, description: 'OpenAPI 3.1', schema: z.record(z.string(), z.unknown()) },
})
