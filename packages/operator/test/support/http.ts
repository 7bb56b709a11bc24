import { request } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  json: any
}

export interface Sending {
  method?: string
  path: string
  body?: unknown
  /** Sent as it is. */
  raw?: string | Buffer
  headers?: Record<string, string>
}

/** `unix:PATH` or `http://ADDRESS`, as an operator names its addresses. */
export function target(address: string): { socketPath: string } | { host: string; port: number } {
  if (address.startsWith('unix:')) return { socketPath: address.slice(5) }
  const { hostname, port } = new URL(address)
  return { host: hostname.replace(/[[\]]/g, ''), port: Number(port) }
}

/** One request, as any program could make it. */
export function send(address: string, { method = 'GET', path, body, raw, headers = {} }: Sending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = request({ ...target(address), method, path, headers: { ...type, ...headers } }, (incoming) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
