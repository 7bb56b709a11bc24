import { randomFillSync } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from '@angee/core'

/** A context of real time and randomness that is never aborted and says nothing. */
export function nodeContext(): Context {
  const silent = () => undefined
  return {
    signal: new AbortController().signal,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    clock: { now: () => Date.now(), sleep: (milliseconds) => wait(milliseconds) },
    random: (bytes) => randomFillSync(bytes),
    onProgress: silent,
  }
}
