import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { OperationEvent } from '../operations/events.ts'
import type { OperationListener } from '../operations/listener.ts'
import type { OperationRecord } from '../operations/record.ts'

/** The open spans of one operation. */
interface Open {
  operation: Span
  inside: Context
  phase?: Span | undefined
  parts: Map<string, Span>
}

/** Makes spans of operations: one for each, below it one for each phase and one for each part. */
export function spansOf(tracer: Tracer): OperationListener {
  const open = new Map<string, Open>()

  function begin(record: OperationRecord): Open {
    const { id, kind, requestedBy, startedAt, createdAt, trace: parent } = record
    const operation = tracer.startSpan(
      `angee ${kind}`,
      {
        startTime: new Date(startedAt ?? createdAt),
        attributes: {
          'angee.operation.id': id,
          'angee.operation.kind': kind,
          'angee.requested_by': requestedBy.name,
          'angee.queued_seconds': startedAt === null ? 0 : (Date.parse(startedAt) - Date.parse(createdAt)) / 1000,
        },
      },
      contextOf(parent),
    )
    const entry = { operation, inside: trace.setSpan(ROOT_CONTEXT, operation), parts: new Map() }
    open.set(id, entry)
    return entry
  }

  function endParts({ parts }: Open): void {
    for (const span of parts.values()) span.end()
    parts.clear()
  }

  return {
    started: begin,

    event: ({ id }, event) => {
      const entry = open.get(id)
      if (entry === undefined) return
      if (event.type === 'phase') {
        entry.phase?.end()
        entry.phase = tracer.startSpan(`phase ${event['phase']}`, {}, entry.inside)
      } else if (event.type === 'part') {
        partEvent(entry, event)
      } else if (event.type === 'warning') {
        const { kind, message } = event['warning'] as { kind: string; message: string }
        entry.operation.addEvent('warning', { kind, message })
      }
    },

    ended: (record) => {
      const { id, state, error, warnings, endedAt } = record
      const entry = open.get(id) ?? begin(record)
      endParts(entry)
      entry.phase?.end()
      entry.operation.setAttributes({ 'angee.state': state, 'angee.warnings': warnings })
      if (error !== null) {
        entry.operation.setAttribute('error.type', error.code)
        entry.operation.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
      }
      entry.operation.end(endedAt === null ? undefined : new Date(endedAt))
      open.delete(id)
    },
  }

  function partEvent({ parts, inside, phase }: Open, event: OperationEvent): void {
    const part = String(event['part'])
    const parent = phase === undefined ? inside : trace.setSpan(ROOT_CONTEXT, phase)
    if (event['state'] === 'started' && !parts.has(part)) parts.set(part, tracer.startSpan(`part ${part}`, {}, parent))
    const span = parts.get(part)
    if (span === undefined || event['state'] === 'started' || event['state'] === 'progress') return
    span.setAttributes({
      'angee.part': part,
      'angee.bytes': Number(event['bytes']),
      'angee.state': String(event['state']),
    })
    if (event['state'] === 'failed')
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(event['message'] ?? '') })
    span.end()
    parts.delete(part)
  }
}

/** The span that a `traceparent` names, which a POST came with (https://www.w3.org/TR/trace-context/). */
function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags ?? '00', 16) & TraceFlags.SAMPLED
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}
