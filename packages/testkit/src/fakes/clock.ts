import type { Clock } from '@angee/core'

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Moves time on by `milliseconds` and wakes, in order, every sleeper whose time has come. */
  advance(milliseconds: number): void
  /** How many sleepers wait now. */
  readonly sleepers: number
}

interface Sleeper {
  until: number
  wake(): void
}

/** A clock turned by hand. It starts at `start`, milliseconds since 1970; the first moment of 2026 unless told. */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let time = start
  let sleeping: Sleeper[] = []

  return {
    now: () => time,

    sleep(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const sleeper = { until: time + milliseconds, wake: resolve }
        sleeping.push(sleeper)
        signal?.addEventListener(
          'abort',
          () => {
            sleeping = sleeping.filter((other) => other !== sleeper)
            reject(signal.reason)
          },
          { once: true },
        )
      })
    },

    advance(milliseconds) {
      time += milliseconds
      const due = sleeping.filter((sleeper) => sleeper.until <= time).sort((a, b) => a.until - b.until)
      sleeping = sleeping.filter((sleeper) => sleeper.until > time)
      for (const sleeper of due) sleeper.wake()
    },

    get sleepers() {
      return sleeping.length
    },
  }
}
