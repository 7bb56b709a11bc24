import { type AngeeError, errorCodes, isAngeeError, AngeeError as make } from '@angee/core'
import { withoutSecrets } from '../json.ts'

/** The body of an answer that tells of an error, as RFC 9457 has it. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  hint?: string
  context: Record<string, unknown>
  plan?: unknown
}

/** What is thrown in a handler, as an answer. Anything that is not ours is a fault of ours, and its words stay inside. */
export function problemOf(thrown: unknown): Problem {
  const error = isAngeeError(thrown) ? thrown : unexpected(thrown)
  const { plan, ...context } = error.context
  return withoutSecrets({
    type: `urn:angee:error:${error.code}`,
    title: titleOf(error.code),
    status: statusOf(error),
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    context,
    ...(plan === undefined ? {} : { plan }),
  })
}

export function problemResponse(thrown: unknown): Response {
  const problem = problemOf(thrown)
  const wait = problem.context['retry_after']
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer'
  if (typeof wait === 'number') headers['retry-after'] = String(wait)
  else if (problem.status === 503) headers['retry-after'] = '5'
  const allow = problem.context['allow']
  if (Array.isArray(allow)) headers['allow'] = allow.join(', ')
  return new Response(`${JSON.stringify(problem)}\n`, { status: problem.status, headers })
}

/** 499 is known to nobody but proxies. */
function statusOf({ code }: AngeeError): number {
  const { http } = errorCodes[code]
  return http === 499 ? 503 : http
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function unexpected(cause: unknown): AngeeError {
  return new make('INTERNAL', 'something unexpected happened; this is a fault in angee', {
    hint: 'The log of the operator has more. Report it.',
    cause,
  })
}
