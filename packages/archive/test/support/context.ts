import type { Context, ProgressEvent } from '@angee/core'

/** A context with the machine's clock that keeps the events it was told of. */
export function testContext(signal = new AbortController().signal): Context & { events: ProgressEvent[] } {
  const events: ProgressEvent[] = []
  const silent = (): void => undefined
  return {
    events,
    signal,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error('nothing here sleeps')) },
    random: (bytes) => crypto.getRandomValues(bytes),
    onProgress: (event) => void events.push(event),
  }
}
