import { AngeeError, type Context } from '@angee/core'
import { type ProcessEntry, processTable } from '../processes/table.ts'

/** Milliseconds a killed process may take until the kernel has let it go. */
const last = 10_000

/**
 * Ends processes that nobody supervises: asks with SIGTERM those it finds first, kills after `grace` milliseconds all it
 * finds then. What they start meanwhile is not asked: it may be what they have to do before they end. Resolves when
 * `find` gives none. RUNTIME_FAILED when some outlive even that.
 */
export async function endAll(find: () => Promise<ProcessEntry[]>, grace: number, ctx: Context): Promise<void> {
  const killAt = ctx.clock.now() + grace
  for (let asked = false; ; asked = true) {
    const alive = await find()
    if (alive.length === 0) return
    if (ctx.clock.now() >= killAt + last) throw outlived(alive)
    const kill = ctx.clock.now() >= killAt
    if (kill || !asked) for (const { pid } of alive) send(pid, kill ? 'SIGKILL' : 'SIGTERM')
    // A stopped process keeps the signal for later.
    if (!kill && !asked) for (const { pid } of alive) send(pid, 'SIGCONT')
    await ctx.clock.sleep(50, ctx.signal)
  }
}

/** Which of these processes live still, as they are now. */
export async function stillAlive(entries: readonly Pick<ProcessEntry, 'pid' | 'started'>[]): Promise<ProcessEntry[]> {
  const table = await processTable()
  return entries.flatMap(({ pid, started }) => {
    const now = table.get(pid)
    return now?.started === started && now.state !== 'dead' ? [now] : []
  })
}

function outlived(alive: readonly ProcessEntry[]): AngeeError {
  const pids = alive.map(({ pid }) => pid).join(', ')
  return new AngeeError('RUNTIME_FAILED', `these processes of the stack cannot be ended: ${pids}`, {
    hint: 'They may belong to another user: end them by hand.',
    context: { pids },
  })
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended, or is another user's: the next round shows which.
  }
}
