import type { Context } from '@angee/core'
import { family, processTable } from '../processes/table.ts'

/** Milliseconds a process may take to end by itself after it was asked to. */
const grace = 5_000

/**
 * Ends the process group led by `leader` and what its members started elsewhere: asks with SIGTERM, and kills what is
 * still there after five seconds. Resolves when none lives, or when killing has not helped for five more. It must work when `ctx.signal` has aborted, so it does not
 * look at it.
 */
export async function endGroup(leader: number, ctx: Pick<Context, 'clock'>): Promise<void> {
  const members = new Map(family(await processTable(), leader).map((entry) => [entry.pid, entry.started]))
  const killAt = ctx.clock.now() + grace
  let asked = false
  for (;;) {
    const table = await processTable()
    for (const { pid, started } of family(table, leader)) members.set(pid, started)
    const alive = [...members].filter(([pid, started]) => {
      const now = table.get(pid)
      return now !== undefined && now.started === started && now.state !== 'dead'
    })
    // What survives SIGKILL is another user's, or held by the kernel: waiting longer would not end it.
    if (alive.length === 0 || ctx.clock.now() >= killAt + grace) return
    const kill = ctx.clock.now() >= killAt
    if (kill || !asked) for (const [pid] of alive) sendQuietly(pid, kill ? 'SIGKILL' : 'SIGTERM')
    // A stopped process cannot end before it goes on.
    if (!asked) for (const [pid] of alive) sendQuietly(pid, 'SIGCONT')
    asked = true
    await ctx.clock.sleep(50)
  }
}

function sendQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended, or is another user's: the next round shows which.
  }
}
