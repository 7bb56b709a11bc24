import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  headers: IncomingHttpHeaders
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
  /** What it answers from now on: a status, or nothing at all. */
  answer(status: number | 'hang', headers?: Record<string, string>): void
}

/** Somebody who is sent messages, and is gone after the test. */
export async function receiver(): Promise<Receiver> {
  const received: Received[] = []
  let status: number | 'hang' = 200
  let headers: Record<string, string> = {}
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    received.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
    if (status !== 'hang') response.writeHead(status, headers).end('thanks')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: (next, more = {}) => {
      status = next
      headers = more
    },
  }
}
