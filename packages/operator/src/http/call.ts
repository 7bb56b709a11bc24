import type { Given, RouteSpec } from '../api/route.ts'
import type { Principal } from '../auth/principal.ts'

/** A checked request to a route, from somebody who may make it. */
export interface Call<Route extends RouteSpec = RouteSpec> {
  params: Given<Route['params']>
  query: Given<Route['query']>
  body: Given<Route['body']>
  principal: Principal
  request: Request
  /** Aborted when the other side has gone. */
  signal: AbortSignal
}

/** What a handler answers: a value, whose keys become snake_case, or a response that is made already. */
export type Reply = { body: object; headers?: Record<string, string> } | Response

export type Handler<Route extends RouteSpec> = (call: Call<Route>) => Promise<Reply>

/** Registers a handler for a route. */
export type On = <Route extends RouteSpec>(route: Route, handler: Handler<Route>) => void
