import { AngeeError, type Clock, type Logger } from '@angee/core'
import { z } from 'zod'
import type { Permit, Question } from '../auth/permit.ts'

export interface PolicyOptions {
  /** Of the decision point; `/access/v1/evaluation` is put behind it. */
  url: string
  /** Sent as a bearer token. */
  token?: string
  /** Milliseconds in which it has to have answered. */
  timeout: number
  logger: Logger
  clock: Clock
}

const longestAnswer = 64 * 1024
const evaluation = z.object({
  decision: z.boolean(),
  context: z.looseObject({}).optional(),
})

/**
 * Asks an external decision point whether an action may be done, over the OpenID AuthZEN Authorization API 1.0
 * (https://openid.net/specs/authorization-api-1_0.html). FORBIDDEN when it says no; POLICY_UNAVAILABLE, and the action is
 * not done either, when it says nothing, something else, or too late.
 */
export function authzenPermit(options: PolicyOptions): Permit {
  const endpoint = `${options.url.replace(/\/+$/, '')}/access/v1/evaluation`
  return async (question) => {
    const begun = options.clock.now()
    const { decision, reason } = await ask(endpoint, question, options).catch((error: unknown) => {
      options.logger.error('the policy cannot be asked', { action: question.action, error: String(error) })
      throw error
    })
    options.logger.info('the policy has decided', {
      decision: decision ? 'permit' : 'deny',
      action: question.action,
      token: question.principal.id,
      by: question.principal.name,
      snapshot: question.snapshot?.id,
      milliseconds: options.clock.now() - begun,
    })
    if (!decision) throw denied(question, reason)
  }
}

async function ask(
  endpoint: string,
  question: Question,
  { token, timeout }: PolicyOptions,
): Promise<{ decision: boolean; reason: string | undefined }> {
  let text: string
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': crypto.randomUUID(),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(requestOf(question)),
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    })
    text = await shortText(answer)
    if (answer.status !== 200) throw new Error(`it answered ${answer.status}`)
  } catch (error) {
    throw unavailable(endpoint, problemOf(error, timeout))
  }
  const parsed = evaluation.safeParse(jsonIn(text))
  if (!parsed.success) throw unavailable(endpoint, 'its answer is no decision')
  return { decision: parsed.data.decision, reason: reasonIn(parsed.data.context) }
}

/** The question in the words of the API. The resource is always the stack: snapshots come and go, policies stay. */
function requestOf({ principal, action, snapshot, operation, stack }: Question): object {
  const { id, name, scopes, names } = principal
  return {
    subject: { type: 'token', id, properties: { name, scopes, ...(names === undefined ? {} : { names }) } },
    action: { name: action },
    resource: { type: 'stack', id: stack.name, properties: { root: stack.root } },
    context: {
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(operation === undefined ? {} : { operation }),
    },
  }
}

/** An answer longer than any decision is none. */
async function shortText(answer: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longestAnswer) throw new Error('its answer has no end')
  }
  return text
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a decision point says to the person, in the forms that the specification shows. */
function reasonIn(context: Record<string, unknown> | undefined): string | undefined {
  const reason = context?.['reason_user'] ?? context?.['reason']
  if (typeof reason === 'string') return reason
  if (typeof reason !== 'object' || reason === null) return undefined
  return Object.values(reason).find((one) => typeof one === 'string')
}

function denied({ principal, action, stack, snapshot }: Question, reason: string | undefined): AngeeError {
  const said = reason === undefined ? '' : `: ${reason}`
  return new AngeeError(
    'FORBIDDEN',
    `the policy denies "${action}" of ${stack.name} to the token "${principal.name}"${said}`,
    {
      hint: 'Ask whoever keeps the policy. The token itself would allow it.',
      context: { action, stack: stack.name, ...(snapshot?.id === undefined ? {} : { snapshot: snapshot.id }) },
    },
  )
}

function unavailable(endpoint: string, problem: string): AngeeError {
  return new AngeeError('POLICY_UNAVAILABLE', `the decision point ${endpoint} gives no decision: ${problem}`, {
    hint: 'Nothing was done. See that it runs, and that --policy-url names its base address.',
    context: { problem },
    retry: 'later',
  })
}

function problemOf(error: unknown, timeout: number): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return `no answer within ${timeout / 1000} s`
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string }
  return code ?? deeper ?? message
}
