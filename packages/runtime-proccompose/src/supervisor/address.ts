import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ProccomposeOptions } from '../options.ts'

/** Where a process-compose server may listen. */
export interface SupervisorAddress {
  /** For messages: the socket's path or the URL. */
  shown: string
  /** What `http.request` needs to get there. */
  connect: { socketPath: string } | { host: string; port: number }
  /** True for process-compose's own default port, where anybody may listen: the server must then show it is ours. */
  guessed: boolean
}

/**
 * Where to look for the server of a stack, best first: the options, the stack's own socket, what process-compose reads
 * from its environment, and last the port it takes when nobody says anything.
 */
export function supervisorAddress(
  options: Pick<ProccomposeOptions, 'socket' | 'url'>,
  stackRoot: string,
  environment: NodeJS.ProcessEnv,
): SupervisorAddress {
  if (options.socket !== undefined) return onSocket(resolve(stackRoot, options.socket))
  if (options.url !== undefined) {
    const { hostname, port } = new URL(options.url)
    return onPort(hostname.replace(/^\[|\]$/g, ''), Number(port || 80))
  }
  const own = join(stackRoot, 'run', 'process-compose.sock')
  if (existsSync(own)) return onSocket(own)
  const { PC_SOCKET_PATH, PC_ADDRESS, PC_PORT_NUM } = environment
  if (PC_SOCKET_PATH) return onSocket(PC_SOCKET_PATH)
  if (PC_PORT_NUM) return onPort(PC_ADDRESS || 'localhost', Number(PC_PORT_NUM))
  return { ...onPort('localhost', 8080), guessed: true }
}

function onSocket(path: string): SupervisorAddress {
  return { shown: path, connect: { socketPath: path }, guessed: false }
}

function onPort(host: string, port: number): SupervisorAddress {
  return { shown: `http://${host}:${port}`, connect: { host, port }, guessed: false }
}
