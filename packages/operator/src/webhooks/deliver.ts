import type { Endpoint } from './endpoints.ts'
import type { Message } from './message.ts'
import { signedHeaders } from './sign.ts'

/** What a try came to. `after`: the receiver asked to be left alone so long, in milliseconds. */
export type Outcome = { delivered: true } | { delivered: false; problem: string; final: boolean; after?: number }

/**
 * One try to deliver a message. Anything but a 2xx answer within `timeout` milliseconds is none; 410 says that the
 * receiver wants no more. Redirects are not followed: a signed message goes where it was declared to go.
 */
export async function deliver(
  { url, key }: Endpoint,
  { id, body }: Pick<Message, 'id' | 'body'>,
  { now, timeout, signal }: { now: number; timeout: number; signal: AbortSignal },
): Promise<Outcome> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...signedHeaders(key, id, body, now), 'user-agent': 'angee' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    })
    await answer.body?.cancel()
    if (answer.ok) return { delivered: true }
    const after = secondsIn(answer.headers.get('retry-after'))
    return {
      delivered: false,
      problem: `it answered ${answer.status}`,
      final: answer.status === 410,
      ...(after === undefined ? {} : { after: after * 1000 }),
    }
  } catch (error) {
    signal.throwIfAborted()
    return { delivered: false, problem: reasonOf(error, timeout), final: false }
  }
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined
}

function reasonOf(error: unknown, timeout: number): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return `no answer within ${timeout / 1000} s`
  const { code, message: deeper } = (cause ?? {}) as { code?: string; message?: string }
  return code ?? deeper ?? message
}
