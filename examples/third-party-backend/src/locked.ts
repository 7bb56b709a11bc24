import type { Context } from '@angee/core'
import type { Call, Reply, Server } from './server.ts'

const attempts = 40

/** Asks again while the server answers 423: another call works on the same thing, which takes it a moment. */
export async function askPatiently(server: Server, call: Call, { clock, signal }: Context): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await server.ask(call, signal)
    if (reply.status !== 423 || attempt === attempts) return reply
    await clock.sleep(10 * attempt, signal)
  }
}
