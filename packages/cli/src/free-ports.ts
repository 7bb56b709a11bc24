import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports of this machine that nobody listens on now, each another one. */
export async function freePorts(amount: number): Promise<number[]> {
  const servers = Array.from({ length: amount }, () => createServer().listen(0))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
