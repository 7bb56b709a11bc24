import { AngeeError, type Clock } from '@angee/core'

/** So many requests at once, and so many more each second: for one token, or the owner of the socket. */
const burst = 2000
const perSecond = 100
/** So many are remembered; those not heard of for longest are forgotten first. */
const most = 1000

/**
 * Counts what one caller asks for. Throws TOO_MANY_REQUESTS beyond what any client needs: one that asks without end, by a
 * fault of its own, must not take the operator from the others.
 */
export function limitRate(clock: Clock): (caller: string) => void {
  const known = new Map<string, { left: number; at: number }>()
  return (caller) => {
    const now = clock.now()
    const before = known.get(caller) ?? { left: burst, at: now }
    const left = Math.min(burst, before.left + (Math.max(0, now - before.at) / 1000) * perSecond) - 1
    known.delete(caller)
    known.set(caller, { left: Math.max(0, left), at: now })
    if (known.size > most) known.delete(known.keys().next().value as string)
    if (left >= 0) return
    throw new AngeeError('TOO_MANY_REQUESTS', 'this token asks too often', {
      hint: `Ask at most ${perSecond} times a second, and follow operations by their events.`,
      context: { retry_after: 1 },
      retry: 'later',
    })
  }
}
