import fc from 'fast-check'
import { expect, it } from 'vitest'
import { allRoutes } from '../src/api/index.ts'
import { openApiDocument } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document is what it is
type Schema = any

/** Values that fit a schema, and now and then one that does not. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('..', '\0', 'a/b', -1, null),
  )
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: odd })
}

/** Texts that fit a pattern; any text where it is more than can be turned around. */
function matching(pattern: string): fc.Arbitrary<string> {
  return pattern.includes('(?') ? fc.string() : fc.stringMatching(new RegExp(pattern))
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fitting))
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'integer' || schema.type === 'number')
    return fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 50 })
  if (schema.type === 'array') return fc.array(valuesOf(schema.items), { maxLength: 3 })
  if (schema.pattern)
    return fc.oneof(fc.constantFrom('first', 'latest', 'persist/app', '30d'), matching(schema.pattern))
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, one]) => [name, valuesOf(one)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] })
  }
  if (schema.type === 'object')
    return fc.dictionary(fc.string(), valuesOf(schema.additionalProperties ?? { type: 'string' }), { maxKeys: 2 })
  return fc.string({ maxLength: 30 })
}

it('whatever is sent to any route of the document, the answer is none of 500, and says what is wrong', async () => {
  const operator = await operatorOf(await makeStack())
  await operator.done('/stack/backup', { name: 'first' })
  const document = openApiDocument() as Schema
  const seen = new Map<number, number>()
  for (const [path, methods] of Object.entries<Schema>(document.paths)) {
    for (const [method, route] of Object.entries<Schema>(methods)) {
      const token = await operator.mint(['admin'])
      const parameters: Schema[] = route.parameters ?? []
      const of = (where: string): fc.Arbitrary<Record<string, unknown>> => {
        const own = parameters.filter((one) => one.in === where)
        const fields: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
          own.map((one) => [one.name, valuesOf(one.schema)]),
        )
        return fc.record(fields, { requiredKeys: where === 'path' ? own.map(({ name }): string => name) : [] })
      }
      const body = route.requestBody?.content['application/json'].schema
      const given = fc.record({
        path: of('path'),
        query: of('query'),
        body: body ? valuesOf(body) : fc.constant(undefined),
      })
      await fc.assert(
        fc.asyncProperty(given, async (values) => {
          const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(text(values.path[name])))
          const query = new URLSearchParams(
            Object.entries(values.query).map(([name, value]): [string, string] => [name, text(value)]),
          )
          const headers = { 'idempotency-key': 'same' }
          const answer = await operator.send({
            method: method.toUpperCase(),
            token,
            path: `${filled}${[...query].length === 0 ? '' : `?${query}`}`,
            headers,
            ...(values.body === undefined ? {} : { body: values.body }),
          })
          seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
          expect(answer.status, answer.text).not.toBe(500)
          const schema = allRoutes.find(({ id }) => id === route.operationId)?.answer.schema
          const isJson = String(answer.headers['content-type']).startsWith('application/json')
          if (answer.status < 300 && isJson) expect(schema?.safeParse(answer.json).error).toBeUndefined()
          if (answer.status >= 400)
            expect(answer.json).toMatchObject({ code: expect.any(String), hint: expect.stringMatching(/\S/) })
        }),
        { numRuns: 60 },
      )
    }
  }
  // It reached what is behind the checks as well.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 202, 400, 404]))
  expect(seen.has(429), 'a token that asks too often reaches nothing').toBe(false)
  expect((await operator.get('/healthz')).status).toBe(200)
})

/** As a client would write it into a URL; what UTF-8 cannot say is left out. */
function text(value: unknown): string {
  try {
    return (
      (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')).toWellFormed().slice(0, 200) || 'x'
    )
  } catch {
    return 'x'
  }
}
