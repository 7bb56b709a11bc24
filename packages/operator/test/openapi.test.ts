import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allRoutes } from '../src/api/index.ts'
import { openApiDocument } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const shipped = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'))

describe('openapi.json', () => {
  it('is what the code says (write it anew: node write-openapi.ts)', () => {
    expect(openApiDocument()).toEqual(shipped)
  })

  it('lets be null what may be null, of schemas with a name too', () => {
    expect(JSON.stringify(shipped)).not.toContain('allOf')
    expect(shipped.components.schemas.Operation.properties.error.anyOf).toContainEqual({ type: 'null' })
  })

  it('has every route once, with an operationId of its own', () => {
    const documented = Object.entries<Record<string, { operationId: string }>>(shipped.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    )
    expect(documented.sort()).toEqual(allRoutes.map(({ method, path, id }) => `${method} ${path} ${id}`).sort())
    expect(new Set(allRoutes.map(({ id }) => id)).size).toBe(allRoutes.length)
  })

  it('is served, to whoever has a token', async () => {
    const operator = await operatorOf(await makeStack())
    const { status, json } = await operator.get('/openapi.json')
    expect([status, json]).toEqual([200, shipped])
  })
})
