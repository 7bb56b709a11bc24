import type { Context } from '@angee/core'

const milliseconds = 5000

/** For what has to be removed also after an abort; given up after seconds where the server hangs. */
export function cleanUpContext(ctx: Context): Context {
  return { ...ctx, signal: AbortSignal.timeout(milliseconds) }
}
