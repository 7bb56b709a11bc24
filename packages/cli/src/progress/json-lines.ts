import type { ProgressEvent } from '@angee/core'
import type { Display } from './progress.ts'

/** A program that reads along wants to know that it goes on, not every block. Milliseconds. */
const interval = 500

/** One JSON object a line for every event; of a part's `progress` events at most two a second. */
export function jsonLines(print: (line: string) => void, now: () => number): Display {
  const lastTold = new Map<string, number>()
  return {
    onProgress: (event) => {
      if (isProgress(event)) {
        const moment = now()
        if (moment - (lastTold.get(event.part) ?? Number.NEGATIVE_INFINITY) < interval) return
        lastTold.set(event.part, moment)
      }
      print(`${JSON.stringify(event)}\n`)
    },
    end: () => undefined,
  }
}

function isProgress(event: ProgressEvent): event is Extract<ProgressEvent, { type: 'part' }> {
  return event.type === 'part' && event.state === 'progress'
}
