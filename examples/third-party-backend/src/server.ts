import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { pipeline, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import type { WebdavOptions } from './options.ts'

/** More at once makes no server faster, and some refuse it. */
const connections = 8

export interface Call {
  method: string
  /** Relative to the address in the options; its segments are encoded here. Ends with `/` for a collection. */
  path: string
  headers?: Record<string, string>
  /** A stream is sent in chunks, as it comes. */
  body?: string | Uint8Array | Readable
}

/** A reply with its body as text. */
export interface Reply {
  status: number
  body: string
  /** Of a lock that was given. */
  lockToken: string | undefined
}

/** One WebDAV server, as one user. */
export interface Server {
  /** The address in the options, without a slash at the end. */
  readonly url: string
  /** The whole address of a path. */
  addressOf(path: string): string
  /**
   * Resolves with whatever the server replies, an error or not, as soon as its body begins. Rejects with the signal's
   * own reason, with the body's own error, or with what the network says.
   */
  open(call: Call, signal: AbortSignal): Promise<IncomingMessage>
  /** The same with the body read. For short ones. */
  ask(call: Call, signal: AbortSignal): Promise<Reply>
  close(): void
}

export function connect({ url, username, password, token }: WebdavOptions): Server {
  const base = url.replace(/\/+$/, '')
  const [Agent, request] = base.startsWith('https:') ? [SecureAgent, secureRequest] : [PlainAgent, plainRequest]
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const authorization = authorizationOf(username, password, token)
  const addressOf = (path: string) => `${base}/${path.split('/').map(encodeURIComponent).join('/')}`

  const open = (call: Call, signal: AbortSignal, isFirst = true): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const { method, path, headers, body } = call
      const sent = request(addressOf(path), {
        method,
        agent,
        // Compressed on the way, a body would have another length than the object.
        headers: { 'accept-encoding': 'identity', ...authorization, ...headers },
      })
      const stop = () => sent.destroy(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      sent.on('close', () => signal.removeEventListener('abort', stop))
      sent.on('response', resolve)
      // The pipeline would tell as well, but it waits for a body that hangs.
      sent.on('error', (error) => {
        const wasStale = sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
        // The server had closed a connection that was kept. What does the same the second time is sent again.
        if (wasStale && isFirst && repeatable.has(method)) resolve(open(call, signal, false))
        else reject(error)
      })
      if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) sent.end(body)
      else pipeline(body, sent, (error) => error && reject(error))
    })

  return {
    url: base,
    addressOf,
    open: (call, signal) => open(call, signal),
    async ask(call, signal) {
      const reply = await open(call, signal)
      const { statusCode: status = 0, headers } = reply
      return { status, body: await text(reply), lockToken: headers['lock-token']?.toString() }
    },
    close: () => agent.destroy(),
  }
}

const repeatable = new Set(['PROPFIND', 'GET', 'MKCOL', 'DELETE'])

/** Waits until what is left of a body has arrived, and throws it away, so that its connection can be used again. */
export async function discard(reply: IncomingMessage): Promise<void> {
  await finished(reply.resume())
}

function authorizationOf(username?: string, password?: string, token?: string): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
