import { AngeeError } from '@angee/core'
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { allRoutes } from '../api/index.ts'
import type { RouteSpec } from '../api/route.ts'
import type { Attempts } from '../auth/attempts.ts'
import { type Authentication, authenticate } from '../auth/authenticate.ts'
import { type Principal, requireScope } from '../auth/principal.ts'
import { limitRate } from '../auth/rate.ts'
import type { Daemon } from '../daemon.ts'
import { safeJson, toSnake } from '../json.ts'
import { pageAnswer, readPage } from '../page.ts'
import { routes } from '../routes/index.ts'
import type { Call, Handler, On, Reply } from './call.ts'
import { refuseForeignPages, type Sender } from './hosts.ts'
import { readInput } from './input.ts'
import { problemOf, problemResponse } from './problem.ts'

export interface AppOptions {
  authentication: Authentication
  attempts: Attempts
  allowedHosts: readonly string[]
}

type Environment = { Bindings: HttpBindings; Variables: { principal: Principal; route: string } }

/** The whole API: each route with the same care before it, and every error told in the same way. */
export function makeApp(daemon: Daemon, { authentication, attempts, allowedHosts }: AppOptions) {
  const app = new OpenAPIHono<Environment>()
  const page = readPage()
  const countRequest = limitRate(daemon.ctx.clock)

  const on: On = <Route extends RouteSpec>(route: Route, handler: Handler<Route>): void => {
    app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      c.set('route', route.id)
      const principal = c.get('principal')
      if (route.scope !== 'nobody' && route.scope !== 'any') requireScope(principal, route.scope)
      const input = await readInput(route, c.req.raw, c.req.param() as Record<string, string>)
      const call = { ...input, principal, request: c.req.raw, signal: c.req.raw.signal } as Call<Route>
      return respond(route, await handler(call))
    })
  }

  app.use(async (c, next) => {
    const begun = performance.now()
    await next()
    daemon.metrics.answered(c.get('route') ?? 'none', c.res.status, performance.now() - begun)
  })
  app.use(async (c, next) => {
    const sender = senderOf(c.env, c.req.raw)
    const file = /^(GET|HEAD)$/.test(c.req.method) ? page.get(c.req.path) : undefined
    // A link on another page may lead to this one: there is no data in it.
    refuseForeignPages(file ? { ...sender, site: undefined } : sender, allowedHosts)
    if (file) {
      c.set('route', 'page')
      c.res = pageAnswer(file, c.req.raw)
      c.res.headers.set('x-content-type-options', 'nosniff')
      return
    }
    if (!isOpen(c.req.method, c.req.path)) {
      const authorization = c.req.header('authorization')
      try {
        c.set('principal', await authenticate({ authorization, address: sender.address }, authentication))
      } catch (error) {
        attempts.failed(sender.address, error)
      }
      countRequest(c.get('principal').id)
    }
    await next()
    c.res.headers.set('cache-control', 'no-store')
    c.res.headers.set('x-content-type-options', 'nosniff')
  })
  app.onError((error, c) => {
    const { status, code } = problemOf(error)
    if (status === 401 || status === 403) {
      const { method, path } = c.req
      daemon.ctx.logger.warn('a request is refused', { code, method, path, token: c.get('principal')?.id ?? null })
    }
    if (status === 500) daemon.ctx.logger.error('a request failed', { code, error: error.stack ?? String(error) })
    return problemResponse(error)
  })
  app.notFound((c) => problemResponse(noSuchRoute(c.req.method, c.req.path)))
  routes(on, daemon)
  return app
}

function respond(route: RouteSpec, reply: Reply): Response {
  if (reply instanceof Response) return reply
  return new Response(`${safeJson(toSnake(reply.body))}\n`, {
    status: route.answer.status,
    headers: { 'content-type': 'application/json', ...reply.headers },
  })
}

function senderOf({ incoming }: HttpBindings, { headers }: Request): Sender {
  return {
    host: headers.get('host') ?? undefined,
    origin: headers.get('origin') ?? undefined,
    site: headers.get('sec-fetch-site') ?? undefined,
    address: incoming.socket.remoteAddress ?? 'unix',
  }
}

/** Whether a request needs no token. What fits no route needs one: nobody else learns what there is. */
function isOpen(method: string, path: string): boolean {
  return allRoutes.some((route) => route.scope === 'nobody' && route.path === path && /^(GET|HEAD)$/.test(method))
}

function noSuchRoute(method: string, path: string): AngeeError {
  const there = allRoutes.filter((route) => pattern(route).test(path))
  const hint = 'GET /openapi.json has all there are.'
  if (there.length === 0) return new AngeeError('ROUTE_NOT_FOUND', `there is no ${path}`, { hint })
  const allow = there.map((route) => route.method.toUpperCase())
  return new AngeeError('METHOD_NOT_ALLOWED', `${path} takes ${allow.join(' and ')}, not ${method}`, {
    hint,
    context: { allow },
  })
}

function pattern({ path }: RouteSpec): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}
