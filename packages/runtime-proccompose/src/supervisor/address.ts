import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { homeOf } from '../home.ts'
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

/** What is known of a stack's server. */
export interface KnownServer {
  /** Where the one that angee started listens. */
  remembered: string | undefined
  /** True where angee wrote the file: then angee starts the server, and it is nowhere else. */
  onlyOurs: boolean
}

/**
 * Where to look for the server of a stack, best first: the options, where angee started one, the stack's own socket,
 * what process-compose reads from its environment, and last the port it takes when nobody says anything.
 */
export function supervisorAddress(
  options: Pick<ProccomposeOptions, 'socket' | 'url'>,
  stackRoot: string,
  environment: NodeJS.ProcessEnv,
  { remembered, onlyOurs }: KnownServer,
): SupervisorAddress {
  if (options.socket !== undefined) return onSocket(resolve(stackRoot, options.socket))
  if (options.url !== undefined) {
    const { hostname, port } = new URL(options.url)
    return onPort(hostname.replace(/^\[|\]$/g, ''), Number(port || 80))
  }
  if (remembered !== undefined) return onSocket(remembered)
  const own = homeOf(stackRoot).socket
  if (onlyOurs || existsSync(own)) return onSocket(own)
  const { PC_SOCKET_PATH, PC_ADDRESS, PC_PORT_NUM } = environment
  if (PC_SOCKET_PATH) return onSocket(PC_SOCKET_PATH)
  if (PC_PORT_NUM) return onPort(PC_ADDRESS || 'localhost', Number(PC_PORT_NUM))
  return { ...onPort('localhost', 8080), guessed: true }
}

export function onSocket(path: string): SupervisorAddress {
  return { shown: path, connect: { socketPath: path }, guessed: false }
}

function onPort(host: string, port: number): SupervisorAddress {
  return { shown: `http://${host}:${port}`, connect: { host, port }, guessed: false }
}
