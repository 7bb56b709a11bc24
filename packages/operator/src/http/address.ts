import { isIP } from 'node:net'
import { AngeeError } from '@angee/core'

export interface Address {
  host: string
  port: number
}

/** `127.0.0.1:9000`, `[::1]:9000`, `localhost:9000` or `:9000`, which is this machine alone. USAGE. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? (plain === '' ? '127.0.0.1' : plain)
  const port = Number(digits)
  const isAddress = bracketed === undefined || isIP(bracketed) === 6
  if (host !== undefined && isAddress && /^[\w.:-]+$/.test(host) && port <= 65_535) return { host, port }
  throw new AngeeError('USAGE', `"${text}" is no address to listen on`, {
    hint: 'Write it as 127.0.0.1:9000, [::1]:9000 or :9000.',
  })
}

/** Whether only this machine can call there. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
