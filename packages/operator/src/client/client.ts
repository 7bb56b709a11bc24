import { setTimeout as sleep } from 'node:timers/promises'
import { AngeeError, type ErrorCode, errorCodes, isAngeeError } from '@angee/core/errors'
import type { z } from 'zod'
import { api } from '../api/index.ts'
import type { Answered, Giving, RouteSpec } from '../api/route.ts'
import type { operation, results } from '../api/schemas/operation.ts'
import { toCamel } from '../json.ts'
import type { Camel } from './camel.ts'
import { serverEvents } from './sse.ts'
import { exchange, type Outgoing, type Place, placeOf, readAll, unavailable } from './transport.ts'

export type RemoteOperation = Camel<z.output<typeof operation>>
export type ResultOf<Kind extends keyof typeof results> = Camel<z.output<(typeof results)[Kind]>>
/** What an operation tells of itself, in camelCase. */
export type RemoteEvent = { type: string } & Record<string, unknown>

/** What a route takes. */
export type Arguments<Route extends RouteSpec> = {
  [Part in 'params' | 'query' | 'body' as Route[Part] extends z.ZodType ? Part : never]?: Giving<Route[Part]>
}

export interface Client {
  /** Calls a route; gives what it answers, in camelCase. The errors of the operator, and OPERATOR_UNAVAILABLE. */
  call<Route extends RouteSpec>(route: Route, given?: Arguments<Route>): Promise<Camel<Answered<Route>>>
  /**
   * Asks for an operation, hands every event of it to `onEvent`, and gives it when it has ended. When the signal aborts
   * it is cancelled, and its end waited for. A connection that breaks is made again; no event is told twice.
   */
  run<Route extends RouteSpec>(
    route: Route,
    given: Arguments<Route>,
    onEvent: (event: RemoteEvent) => void,
  ): Promise<RemoteOperation>
}

export interface ClientOptions {
  /** `unix:PATH`, `http://…` or `https://…`. */
  url: string
  /** Undefined where the owner of the socket needs none. */
  token: string | undefined
  signal: AbortSignal
}

/** So often a broken connection is made again, and so long is waited before, in milliseconds. */
const attempts = 8
const pause = 500

/** A client of an operator, made of the same routes as the operator itself. USAGE for a place that is none. */
export function connectOperator({ url, token, signal }: ClientOptions): Client {
  const place = placeOf(url)
  const own = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const never = new AbortController().signal

  const call: Client['call'] = async (route, given) => answerOf(place, outgoingOf(route, given, own), signal)

  async function follow(id: string, onEvent: (event: RemoteEvent) => void): Promise<void> {
    let last = ''
    for (let broken = 0; ; broken++) {
      try {
        const headers = { ...own, ...(last === '' ? {} : { 'last-event-id': last }) }
        const path = api.operations.followOperation.path.replace('{id}', id)
        const incoming = await exchange(place, { method: 'GET', path, headers }, never)
        if (incoming.statusCode === 204) return
        if (incoming.statusCode !== 200) throw errorOf(await readAll(place, incoming, never), incoming.statusCode ?? 0)
        for await (const event of serverEvents(incoming)) {
          last = event.id
          broken = 0
          const told = toCamel(JSON.parse(event.data)) as RemoteEvent
          if (told.type === 'end') return
          onEvent(told)
        }
        // An operator that ends closes the stream: it is asked again, when it has been started again.
      } catch (error) {
        if (isAngeeError(error) && error.code !== 'OPERATOR_UNAVAILABLE') throw error
        if (broken >= attempts) throw isAngeeError(error) ? error : unavailable(place, error)
      }
      await sleep(pause)
    }
  }

  return {
    call,
    run: async (route, given, onEvent) => {
      const headers = { ...own, 'idempotency-key': crypto.randomUUID() }
      const outgoing = outgoingOf(route, given, headers)
      const asked = (await again(() => answerOf(place, outgoing, signal), signal)) as RemoteOperation
      const cancel = (): void => {
        const path = api.operations.cancelOperation.path.replace('{id}', asked.id)
        answerOf(place, { method: 'POST', path, headers: own }, never).catch(() => undefined)
      }
      signal.addEventListener('abort', cancel, { once: true })
      if (signal.aborted) cancel()
      try {
        await follow(asked.id, onEvent)
        const path = api.operations.showOperation.path.replace('{id}', asked.id)
        return (await again(
          () => answerOf(place, { method: 'GET', path, headers: own }, never),
          never,
        )) as RemoteOperation
      } finally {
        signal.removeEventListener('abort', cancel)
      }
    },
  }
}

/** The same request again where the connection broke: with an Idempotency-Key it is done once. */
async function again<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (!isAngeeError(error, 'OPERATOR_UNAVAILABLE') || attempt > 3) throw error
      await sleep(pause, undefined, { signal })
    }
  }
}

function outgoingOf(route: RouteSpec, given: object | undefined, headers: Record<string, string>): Outgoing {
  const { params = {}, query = {}, body } = (given ?? {}) as Record<string, Record<string, unknown>>
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)] as [string, string]],
    ),
  ).toString()
  return {
    method: route.method.toUpperCase(),
    path: search === '' ? path : `${path}?${search}`,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what a route answers is what its schema says
async function answerOf(place: Place, outgoing: Outgoing, signal: AbortSignal): Promise<any> {
  const incoming = await exchange(place, outgoing, signal)
  const text = await readAll(place, incoming, signal)
  const status = incoming.statusCode ?? 0
  if (status < 200 || status > 299) throw errorOf(text, status)
  return toCamel(parsed(text) ?? {})
}

/** What the operator says of an error, as the error it is. */
function errorOf(text: string, status: number): AngeeError {
  const problem = parsed(text) as {
    code?: string
    detail?: string
    hint?: string
    context?: Record<string, unknown>
    plan?: unknown
  }
  if (problem?.code !== undefined && problem.code in errorCodes) {
    const { code, detail = '', hint, context = {}, plan } = problem
    return new AngeeError(code as ErrorCode, detail, {
      ...(hint === undefined ? {} : { hint }),
      context: { ...context, ...(plan === undefined ? {} : { plan }) },
    })
  }
  return new AngeeError('OPERATOR_UNAVAILABLE', `something else than an operator answered, with status ${status}`, {
    hint: 'See whether --operator names the right place, and whether a proxy is in the way.',
    context: { status },
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
