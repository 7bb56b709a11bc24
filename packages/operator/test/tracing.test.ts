import { testContext } from '@angee/testkit'
import { describe, expect, it, vi } from 'vitest'
import { tracingFor } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { type Receiver, receiver } from './support/receiver.ts'
import { makeStack } from './support/stack.ts'

interface Span {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  status: { code?: number; message?: string }
  attributes: { key: string; value: Record<string, unknown> }[]
}

/** What a collector was sent, in OTLP's JSON. */
function spansIn({ received }: Receiver): Span[] {
  return received.flatMap(({ body }) =>
    JSON.parse(body).resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    ),
  )
}

const attribute = ({ attributes }: Span, key: string): unknown =>
  Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0]

async function traced() {
  const collector = await receiver()
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.url).origin, OTEL_SERVICE_NAME: 'shop-backups' }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const { logger } = testContext()
  const tracing = await tracingFor({ environment, version: '1.2.3', logger })
  if (tracing === undefined) throw new Error('nothing is traced')
  const operator = await operatorOf(await makeStack(), { listeners: [tracing.listener] })
  return { collector, operator, tracing }
}

describe('traces', () => {
  it('tell of an operation, its phases and its parts, below the span that asked for it', async () => {
    const { collector, operator, tracing } = await traced()
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const traceparent = `00-${trace}-b7ad6b7169203331-01`
    const { json } = await operator.post('/stack/backup', { name: 'first' }, { traceparent })
    await operator.ended(json.id)
    await operator.done('/stack/backup', { name: 'first' })
    await tracing.shutdown()
    const spans = spansIn(collector)
    const root = spans.find((span) => attribute(span, 'angee.operation.id') === json.id)
    expect(root).toMatchObject({ name: 'angee backup', traceId: trace, parentSpanId: 'b7ad6b7169203331' })
    const below = spans.filter(({ traceId, spanId }) => traceId === trace && spanId !== root?.spanId)
    expect(below.map(({ name }) => name)).toEqual(expect.arrayContaining(['part persist/app', 'part persist/uploads']))
    expect(below.some(({ name }) => name.startsWith('phase '))).toBe(true)
    const known = new Set([...below, root].map((span) => span?.spanId))
    for (const span of below) expect(known).toContain(span.parentSpanId)
    const failed = spans.find(({ status }) => status.code === 2)
    expect([failed?.name, failed && attribute(failed, 'error.type')]).toEqual(['angee backup', 'NAME_TAKEN'])
    expect(collector.received[0]?.body).toContain('shop-backups')
    expect((await operator.get(`/operations/${json.id}`)).json).not.toHaveProperty('trace')
  })

  it('are not made where no collector is named', async () => {
    const { logger } = testContext()
    const of = (environment: Record<string, string>) => tracingFor({ environment, version: '1', logger })
    expect(await of({})).toBeUndefined()
    expect(await of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' })).toBeUndefined()
    expect(await of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined()
  })

  it('that a collector refuses cost nothing but themselves', async () => {
    const { collector, operator, tracing } = await traced()
    collector.answer(400)
    expect((await operator.done('/stack/backup', { name: 'first' })).state).toBe('succeeded')
    await tracing.shutdown()
    expect(collector.received.length).toBeGreaterThan(0)
  })
})
