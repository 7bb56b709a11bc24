import type { PublishedPort } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'

const written = /^(?:(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d*):)?(\d+)(?:\/(tcp|udp))?$/

/** Reads `80`, `8080:80`, `127.0.0.1:8080:80/udp`. `where` is for messages. MANIFEST_INVALID. */
export function parsePort(text: string, where: string): PublishedPort {
  const [, address, host = '', container, protocol = 'tcp'] = written.exec(text.trim()) ?? []
  if (container === undefined) {
    throw new AngeeError('MANIFEST_INVALID', `${where}: "${text}" is no port`, {
      hint: 'Write "8080:80", "127.0.0.1:8080:80" or "53:53/udp". Ranges are not supported.',
    })
  }
  return {
    ...(address === undefined ? {} : { address: address.replace(/^\[|\]$/g, '') }),
    ...(host === '' ? {} : { host: portNumber(host, where) }),
    container: portNumber(container, where),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  }
}

/** A number from 1 to 65535. MANIFEST_INVALID. */
export function portNumber(text: string, where: string): number {
  const port = /^\d+$/.test(text.trim()) ? Number(text) : 0
  if (port >= 1 && port <= 65535) return port
  throw new AngeeError('MANIFEST_INVALID', `${where}: "${text}" is no port number`, {
    hint: 'Ports are whole numbers from 1 to 65535.',
  })
}
