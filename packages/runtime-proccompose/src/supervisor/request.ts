import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import type { SupervisorAddress } from './address.ts'

export interface Answer {
  status: number
  body: string
}

export interface Question {
  method: 'GET' | 'PATCH' | 'POST'
  path: string
  token: string | undefined
  /** Milliseconds of silence after which the server counts as hung; 0 for calls it answers only when work is done. */
  silence: number
}

/** What the kernel says when nobody listens, and when nobody could, because the path is too long for a socket. */
const nobodyThere = ['ENOENT', 'ECONNREFUSED', 'EINVAL', 'ENAMETOOLONG']
/** What it says when the server went away with the question in its hands. */
const wentAway = ['ECONNRESET', 'EPIPE']

/**
 * Asks the server one question. Gives undefined when nobody listens at that address, which is how a server that is not
 * running shows. RUNTIME_UNAVAILABLE when somebody listens and does not answer, or refuses the token.
 */
export async function ask(address: SupervisorAddress, question: Question, ctx: Context): Promise<Answer | undefined> {
  ctx.signal.throwIfAborted()
  try {
    return accepted(address, await exchange(address, question, ctx))
  } catch (error) {
    ctx.signal.throwIfAborted()
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (nobodyThere.includes(code)) return undefined
    // A server that ends answers no more, and the next connection finds nobody. An order is not given twice: whoever
    // gave it looks at what came of it.
    if (wentAway.includes(code)) return question.method === 'GET' ? askAgain(address, question, ctx) : undefined
    if (error instanceof AngeeError) throw error
    throw unavailable(address, (error as Error).message, error)
  }
}

async function askAgain(address: SupervisorAddress, question: Question, ctx: Context): Promise<Answer | undefined> {
  await ctx.clock.sleep(100, ctx.signal)
  try {
    return accepted(address, await exchange(address, question, ctx))
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (nobodyThere.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error instanceof AngeeError ? error : unavailable(address, (error as Error).message, error)
  }
}

function exchange(
  address: SupervisorAddress,
  { method, path, token, silence }: Question,
  ctx: Context,
): Promise<Answer> {
  return new Promise((done, failed) => {
    const headers = token === undefined ? {} : { 'X-PC-Token-Key': token }
    // A connection of its own for each question: a server that ends must not be met through an old one.
    const outgoing = request({
      ...address.connect,
      method,
      path,
      headers,
      timeout: silence,
      agent: false,
      signal: ctx.signal,
    })
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${silence / 1000} s`)))
    outgoing.once('error', failed)
    outgoing.once('response', (response) => {
      text(response).then((body) => done({ status: response.statusCode ?? 0, body }), failed)
    })
    outgoing.end()
  })
}

function accepted(address: SupervisorAddress, answer: Answer): Answer {
  if (answer.status !== 401) return answer
  throw new AngeeError('RUNTIME_UNAVAILABLE', `process-compose at ${address.shown} refuses the API token`, {
    hint: 'Set PC_API_TOKEN, or the variable that runtimes.proccompose.token_env names, to the token of the server.',
    context: { address: address.shown },
  })
}

function unavailable(address: SupervisorAddress, reason: string, cause: unknown): AngeeError {
  return new AngeeError('RUNTIME_UNAVAILABLE', `process-compose at ${address.shown} does not answer: ${reason}`, {
    hint: 'Check that it runs and that this user may reach it: process-compose process list',
    context: { address: address.shown },
    cause,
    retry: 'later',
  })
}
