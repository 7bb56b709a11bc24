import type { z } from 'zod'
import type { Scope } from '../auth/scopes.ts'

/**
 * One route of the API: what it takes, what it answers, who may call it. The server registers these, the document is
 * made of them, and the client calls them: there is no second description anywhere.
 */
export interface RouteSpec {
  /** `operationId` of the document. */
  readonly id: string
  readonly method: 'get' | 'post' | 'delete'
  /** With parameters as `{name}`. */
  readonly path: string
  readonly group: 'backups' | 'restore' | 'stack' | 'jobs' | 'schedules' | 'workspaces' | 'operations' | 'operator'
  readonly summary: string
  /** The scope a token needs. `any`: every valid token. `nobody`: none is needed. */
  readonly scope: Scope | 'any' | 'nobody'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  readonly answer: {
    readonly status: 200 | 202
    readonly description: string
    readonly schema: z.ZodType
    readonly type?: 'text/event-stream' | 'text/plain'
  }
  /** Codes that mean something particular here; those that every route has are left out. */
  readonly errors?: readonly string[]
}

export type Given<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<never, never>
export type Giving<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined
export type Answered<Route extends RouteSpec> = z.output<Route['answer']['schema']>

/** Keeps the exact types of a route. */
export function defineRoute<const Route extends RouteSpec>(route: Route): Route {
  return route
}
