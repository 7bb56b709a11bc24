import type { Context } from '@angee/core'

/** How long one piece of it may take. Milliseconds. */
const longest = 10_000

/**
 * Does what tidies up behind a call, without the call waiting for it: the server may be what hangs, and an abort must end
 * the call at once. Failing is no matter: what cannot be removed now is garbage for later.
 */
export type Later = (work: (ctx: Context) => Promise<unknown>, ctx: Context) => void

/** `done` resolves when everything that was left for later has come to an end. */
export function laterWork(): { later: Later; done(): Promise<void> } {
  const working = new Set<Promise<void>>()
  return {
    later(work, ctx) {
      const running = work({ ...ctx, signal: AbortSignal.timeout(longest) })
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => working.delete(running))
      working.add(running)
    },
    done: async () => void (await Promise.all(working)),
  }
}
