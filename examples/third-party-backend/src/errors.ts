import { AngeeError, type ErrorCode, isAngeeError } from '@angee/core'
import type { Server } from './server.ts'

/** What a call would have done: `get the object a/b`. */
export interface Purpose {
  text: string
  writes: boolean
}

/** A reply that is no success, as an error that says what was wanted, from whom, and what to do now. */
export function refusal(server: Server, { text, writes }: Purpose, status: number): AngeeError {
  const { code, hint } = meaning(status, writes)
  return new AngeeError(code, `cannot ${text} at ${server.url}: the server answered ${status}`, {
    hint,
    context: { url: server.url, status },
    retry: code === 'BACKEND_FAILED' ? 'never' : 'later',
  })
}

/** What kept a call from getting a reply: errors of the network. Our own errors and the signal's reason pass. */
export function failure(server: Server, { text }: Purpose, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (isAngeeError(error)) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new AngeeError('BACKEND_UNAVAILABLE', `cannot ${text} at ${server.url}: ${message || code}`, {
    hint: 'Check that the server runs, that backup_backend.url is right, and that this machine can reach it.',
    context: { url: server.url, systemCode: code },
    cause: error,
    retry: 'later',
  })
}

function meaning(status: number, writes: boolean): { code: ErrorCode; hint: string } {
  if (status === 401)
    return { code: 'CREDENTIAL_WRONG', hint: 'Check username and password, or token, under backup_backend.' }
  if (status === 403 && writes) return { code: 'BACKEND_READ_ONLY', hint: 'Allow this user to write there.' }
  if (status === 403) return { code: 'CREDENTIAL_WRONG', hint: 'Allow this user to read there, or name another one.' }
  if (status === 507) return { code: 'SPACE_INSUFFICIENT', hint: 'Free space there, or raise the quota of this user.' }
  if (status === 413)
    return { code: 'BACKEND_FAILED', hint: 'Raise the longest body that the server, or a proxy before it, takes.' }
  if (status === 409)
    return { code: 'BACKEND_FAILED', hint: 'Make the collection above the one in backup_backend.url first.' }
  if (status === 411) return { code: 'BACKEND_FAILED', hint: 'Make the server take bodies in chunks (HTTP/1.1).' }
  if (status >= 300 && status < 400)
    return { code: 'BACKEND_FAILED', hint: 'Write the address it redirects to as backup_backend.url.' }
  if ([423, 429, 502, 503, 504].includes(status)) return { code: 'BACKEND_UNAVAILABLE', hint: 'Try again later.' }
  if ([404, 405, 501].includes(status))
    return { code: 'BACKEND_FAILED', hint: 'Check that backup_backend.url is a WebDAV address.' }
  return { code: 'BACKEND_FAILED', hint: 'See the log of the server.' }
}
