import type { Context } from '@angee/core'
import { endAll, stillAlive } from '../leftovers/end.ts'
import type { ProcessEntry } from '../processes/table.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/** Milliseconds a server may take to end when it runs nothing any more. */
const patience = 10_000

/** Ends a server that runs nothing any more, and kills it when it does not obey. `entry` where it is known. */
export async function endServer(server: Supervisor, entry: ProcessEntry | undefined, ctx: Context): Promise<void> {
  await server.end(ctx)
  const giveUpAt = ctx.clock.now() + patience
  while (ctx.clock.now() < giveUpAt) {
    const alive = entry === undefined ? await server.project(ctx) : (await stillAlive([entry]))[0]
    if (alive === undefined) return
    await ctx.clock.sleep(50, ctx.signal)
  }
  await killServer(entry, ctx)
}

/** Kills a server at once: it would start again what is about to be ended. Resolves when it is gone. */
export async function killServer(entry: ProcessEntry | undefined, ctx: Context): Promise<void> {
  if (entry !== undefined) await endAll(() => stillAlive([entry]), 0, ctx)
}
