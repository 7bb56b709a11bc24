import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { AngeeError } from '@angee/core'

/** More connections at once than this are not taken. */
const mostConnections = 1000
/** The kernel takes no longer path for a socket. */
const longestPath = process.platform === 'linux' ? 107 : 103

/** Makes a server listen on a socket that only its owner can open. One that a dead operator left is replaced. USAGE. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new AngeeError('USAGE', `the path of the socket is too long for this system: ${path}`, {
      hint: `Give a shorter one, of ${longestPath} bytes at most: --socket /run/angee/NAME.sock`,
    })
  }
  await removeDeadSocket(path)
  await listening(server, path, () => {
    // Made with this mode from the start: there is no moment in which others could open it.
    const before = process.umask(0o177)
    try {
      server.listen(path)
    } finally {
      process.umask(before)
    }
  })
  chmodSync(path, 0o600)
}

/** Makes a server listen on an address. Gives the port, which may have been left to the system. USAGE. */
export async function listenOnAddress(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  await listening(server, `${host}:${port}`, () => void server.listen({ host, port }))
  return (server.address() as { port: number }).port
}

async function listening(server: Server, where: string, listen: () => void): Promise<void> {
  server.maxConnections = mostConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new AngeeError('USAGE', `cannot listen on ${where}: ${cause.message}`, {
          hint:
            cause.code === 'EADDRINUSE' ? 'Something listens there already. Choose another.' : 'Choose another place.',
          cause,
        }),
      )
    })
    server.once('listening', resolve)
    listen()
  })
}

async function removeDeadSocket(path: string): Promise<void> {
  if (!existsSync(path)) return
  if (!lstatSync(path).isSocket()) {
    throw new AngeeError('USAGE', `${path} is there already, and no socket`, { hint: 'Choose another --socket PATH.' })
  }
  if (await answers(path)) {
    throw new AngeeError('USAGE', `somebody listens on ${path} already`, {
      hint: 'End that operator first, or choose another --socket PATH.',
    })
  }
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
