import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { AngeeError } from '@angee/core/errors'

/** Where an operator is called. */
export type Place = { socketPath: string } | { url: URL }

export interface Outgoing {
  method: string
  /** With its query. */
  path: string
  headers: Record<string, string>
  body?: string
}

/** `unix:PATH`, `http://…` or `https://…`. USAGE. */
export function placeOf(text: string): Place {
  if (/^unix:./.test(text)) return { socketPath: text.replace(/^unix:(\/\/)?/, '') }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') return { url }
  throw new AngeeError('USAGE', `"${text}" is no place of an operator`, {
    hint: 'Write it as http://127.0.0.1:9000, https://HOST or unix:PATH. The token comes from the environment or a file.',
  })
}

/** Sends a request and gives the answer when its head is there. OPERATOR_UNAVAILABLE; the reason of `signal`. */
export function exchange(place: Place, { method, path, headers, body }: Outgoing, signal: AbortSignal) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      signal,
    }
    const outgoing =
      'socketPath' in place
        ? requestHttp({ ...options, socketPath: place.socketPath, path })
        : (place.url.protocol === 'https:' ? requestHttps : requestHttp)(place.url, {
            ...options,
            path: place.url.pathname.replace(/\/$/, '') + path,
          })
    outgoing.once('response', resolve)
    outgoing.once('error', (error) => reject(signal.aborted ? signal.reason : unavailable(place, error)))
    outgoing.end(body)
  })
}

/** All of an answer. OPERATOR_UNAVAILABLE where it breaks off. */
export async function readAll(place: Place, incoming: IncomingMessage, signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of incoming) pieces.push(piece)
  } catch (error) {
    throw signal.aborted ? signal.reason : unavailable(place, error)
  }
  return Buffer.concat(pieces).toString()
}

export function nameOf(place: Place): string {
  return 'socketPath' in place ? `unix:${place.socketPath}` : place.url.href
}

export function unavailable(place: Place, cause: unknown): AngeeError {
  const { code, message } = cause as NodeJS.ErrnoException
  const permission = code === 'EACCES' || code === 'EPERM'
  return new AngeeError(
    'OPERATOR_UNAVAILABLE',
    `the operator at ${nameOf(place)} cannot be reached: ${message || code}`,
    {
      hint: permission
        ? 'Only the owner of the socket can open it. Run as that user, or call the operator on TCP.'
        : 'See whether it runs there: angee operator.',
      cause,
      retry: 'later',
    },
  )
}
