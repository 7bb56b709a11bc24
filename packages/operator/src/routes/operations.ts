import { AngeeError } from '@angee/core'
import { api } from '../api/index.ts'
import { hasScope, type Principal, requireScope } from '../auth/principal.ts'
import type { Daemon } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { eventStream } from '../operations/follow.ts'
import type { OperationRecord } from '../operations/record.ts'
import type { OperationHead } from '../operations/records.ts'
import { operationFacts } from './operation-facts.ts'

/** Operations: what became of them, what they tell, and ending them. */
export function operationRoutes(on: On, daemon: Daemon): void {
  const { operations, records, events } = daemon

  on(api.operations.listOperations, async ({ query: { limit, cursor, state }, principal }) => {
    const fitting = records
      .heads()
      .filter((head) => maySee(principal, head) && (state === undefined || head.state === state))
      .filter(({ id }) => cursor === undefined || id < cursor)
    const page = fitting.slice(-limit).reverse()
    const whole = await Promise.all(page.map(({ id }) => operations.read(id)))
    const nextCursor = fitting.length > limit ? (page.at(-1)?.id ?? null) : null
    return { body: { operations: whole.map(operationFacts), nextCursor } }
  })

  on(api.operations.showOperation, async ({ params, principal }) => {
    return { body: operationFacts(requireSeen(principal, await operations.read(params.id))) }
  })

  on(api.operations.followOperation, async ({ params: { id }, principal, request }) => {
    requireSeen(principal, await operations.read(id))
    const from = positionOf(request.headers.get('last-event-id'))
    if (Number.isNaN(from) || !events.isPosition(id, from)) throw noPosition(from)
    // What reconnects by itself, as a browser does, stops at this answer.
    if (!operations.isLive(id) && from > 0 && events.read(id, from).length === 0) {
      return new Response(null, { status: 204 })
    }
    const isLive = (): boolean => operations.isLive(id)
    return new Response(eventStream(events, id, { from, isLive, signal: daemon.ending }), {
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
    })
  })

  on(api.operations.cancelOperation, async ({ params: { id }, principal }) => {
    const { kind, requestedBy } = requireSeen(principal, await operations.read(id))
    if (requestedBy.token !== principal.id) requireScope(principal, 'admin')
    const stack = { name: await daemon.manifest.name(), root: daemon.place.root }
    await daemon.permit({ principal, action: 'cancel', stack, operation: { id, kind, requestedBy: requestedBy.token } })
    daemon.ctx.logger.info('cancel requested', { operation: id, token: principal.id, by: principal.name })
    return { body: operationFacts(await operations.cancel(id, `the token "${principal.name}"`)) }
  })
}

/** Its own operations everybody sees; those of others a reader who is restricted to no names. */
function maySee(principal: Principal, { requestedBy }: Pick<OperationHead, 'requestedBy'>): boolean {
  return requestedBy.token === principal.id || (hasScope(principal, 'read') && principal.names === undefined)
}

function requireSeen(principal: Principal, record: OperationRecord): OperationRecord {
  if (maySee(principal, record)) return record
  throw new AngeeError('FORBIDDEN', `operation ${record.id} was asked for with another token`, {
    hint: 'Use that one, or one with the scope "read" that is restricted to no names.',
  })
}

function positionOf(header: string | null): number {
  const position = Number(header ?? 0)
  return Number.isSafeInteger(position) && position >= 0 ? position : Number.NaN
}

function noPosition(position: number): AngeeError {
  return new AngeeError('USAGE', 'the header Last-Event-ID names no event of this operation', {
    hint: 'Give the "id" of the last event that arrived, or leave the header out to get all of them.',
    context: { position: Number.isNaN(position) ? null : position },
  })
}
