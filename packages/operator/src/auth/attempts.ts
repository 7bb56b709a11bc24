import { AngeeError, type Clock } from '@angee/core'

/** So many wrong tokens from one address in that time, in milliseconds, are answered as such. */
const most = 20
const period = 60_000
/** So many addresses are remembered; the longest known are forgotten first. */
const addresses = 1000

export interface Attempts {
  /** Counts a request without a good token. Throws TOO_MANY_REQUESTS instead of `error` beyond the limit. */
  failed(address: string, error: unknown): never
}

/**
 * Counts wrong tokens. A good one is always let in: 256 bits cannot be guessed however many are tried, and whoever
 * tries from an address must not shut out who shares it. What is limited is the work and the log that guessing costs.
 */
export function countAttempts(clock: Clock): Attempts {
  const known = new Map<string, { count: number; until: number }>()
  return {
    failed: (address, error) => {
      const now = clock.now()
      const before = known.get(address)
      const entry = before && before.until > now ? before : { count: 0, until: now + period }
      entry.count++
      known.delete(address)
      known.set(address, entry)
      if (known.size > addresses) known.delete(known.keys().next().value as string)
      if (entry.count <= most) throw error
      const seconds = Math.max(1, Math.ceil((entry.until - now) / 1000))
      throw new AngeeError('TOO_MANY_REQUESTS', 'too many requests without a good token', {
        hint: `Try again in ${seconds} s, with a token that is good.`,
        context: { retry_after: seconds },
        retry: 'later',
      })
    },
  }
}
