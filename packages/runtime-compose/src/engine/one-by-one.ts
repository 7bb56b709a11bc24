import type { Context } from '@angee/core'

type Call = (words: readonly string[], ctx: Context) => Promise<string>

/** The same call, of which one begins when the one before has ended. One that waits rejects when its signal aborts. */
export function oneByOne(call: Call): Call {
  let last: Promise<unknown> = Promise.resolve()
  return async (words, ctx) => {
    const before = last
    const done = Promise.withResolvers<void>()
    last = before.then(() => done.promise)
    try {
      await orAbort(before, ctx.signal)
      return await call(words, ctx)
    } finally {
      done.resolve()
    }
  }
}

async function orAbort(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
