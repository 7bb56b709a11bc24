import type { Context } from '@angee/core'
import type { Call, Reply, Server } from './server.ts'

const attempts = 40

/** Asks again while the server says that it is locked: another call works on the same thing, which takes it a moment. */
export async function askPatiently(server: Server, call: Call, { clock, signal }: Context): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await server.ask(call, signal)
    if (!isLocked(call, reply) || attempt === attempts) return reply
    await clock.sleep(10 * attempt, signal)
  }
}

/** 207 and 424 tell that something inside of a collection is. */
function isLocked({ method }: Call, { status }: Reply): boolean {
  return status === 423 || (method === 'DELETE' && (status === 207 || status === 424))
}
