import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import { family, type ProcessEntry, processTable } from './table.ts'

/**
 * Signals `root` and all that belongs to it, again for what it started meanwhile, until a round meets nobody new.
 * Gives the processes it met. RUNTIME_FAILED when one belongs to another user.
 */
export async function signalFamily(root: number, signal: NodeJS.Signals): Promise<ProcessEntry[]> {
  const met = new Map<number, ProcessEntry>()
  for (;;) {
    const fresh = family(await processTable(), root).filter(({ pid }) => !met.has(pid))
    if (fresh.length === 0) return [...met.values()]
    for (const entry of fresh) {
      met.set(entry.pid, entry)
      send(entry.pid, signal)
    }
  }
}

/** Resolves when none of `entries` lives any more, nor any process in the group of `root`. */
export async function waitUntilGone(root: number, entries: readonly ProcessEntry[], ctx: Context): Promise<void> {
  for (;;) {
    ctx.signal.throwIfAborted()
    const table = await processTable()
    const lives = entries.some(({ pid, started }) => {
      const now = table.get(pid)
      return now !== undefined && now.started === started && now.state !== 'dead'
    })
    const grouped = [...table.values()].some(({ group, state }) => group === root && state !== 'dead')
    if (!lives && !grouped) return
    await ctx.clock.sleep(100, ctx.signal)
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw new AngeeError('RUNTIME_FAILED', `process ${pid} cannot be sent ${signal}: ${(error as Error).message}`, {
      hint: 'Run angee as the user who runs process-compose, or as root.',
      context: { pid, signal },
      cause: error,
    })
  }
}
