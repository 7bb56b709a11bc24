import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from './answers.ts'
import type { Fault, ProxiedRequest } from './fault.ts'
import { passOn } from './pass-on.ts'

/** A proxy that listens on this machine. Disposing it breaks every connection and frees the port. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  /** Every request so far, in the order they came, faulty or not. */
  readonly requests: readonly ProxiedRequest[]
  /** Decides from now on what goes wrong with a request. */
  inject(faults: FaultPlan): void
}

/** Says what goes wrong with a request; undefined lets it through untouched. Called once for each, as it arrives. */
export type FaultPlan = (request: ProxiedRequest) => Fault | undefined

/**
 * Starts an HTTP proxy in front of `target` (an `http:` URL of host and port) that fails on purpose: for tests of
 * clients on real servers. Requests and answers are passed on byte for byte with their headers, `Host` too, so that a
 * signature over them stays right.
 */
export async function faultProxy(target: string, faults: FaultPlan = () => undefined): Promise<FaultProxy> {
  const { hostname: host, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const requests: ProxiedRequest[] = []
  const answers = new Map<string, Answer>()
  let plan = faults
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers, socket } = incoming
    const request = { method, path, headers, count: requests.length + 1 }
    requests.push(request)
    const exchange = { incoming, outgoing, target: { host, port, agent }, answers }
    passOn(exchange, plan(request)).catch(() => socket.destroy())
  })
  // A test may hold a request back for longer than a server usually would.
  server.requestTimeout = 0
  // Nor may a connection end that a client is about to use again: that would be a fault nobody asked for.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    inject(next) {
      plan = next
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}
