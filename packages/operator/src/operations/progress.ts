import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { ProgressEvent } from '@angee/core'
import type { OperationEvent } from './events.ts'

/** Who follows wants to know that it goes on, not every block. Milliseconds. */
const interval = 500
/** A line of a job's output is told up to here, in characters. */
const longestLine = 4096

/** Passes progress on, of a part's `progress` events at most two a second. */
export function throttled(tell: (event: OperationEvent) => void, now: () => number): (event: ProgressEvent) => void {
  const lastTold = new Map<string, number>()
  return (event) => {
    if (event.type === 'part' && event.state === 'progress') {
      const moment = now()
      if (moment - (lastTold.get(event.part) ?? Number.NEGATIVE_INFINITY) < interval) return
      lastTold.set(event.part, moment)
    }
    tell(event)
  }
}

/** Tells what jobs write, in whole lines, so that one that holds a secret is never cut in the middle of it. */
export function outputLines(tell: (event: OperationEvent) => void): Writable {
  const decoder = new StringDecoder()
  let rest = ''
  const say = (line: string): void => tell({ type: 'output', line })
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) say(line)
      if (rest.length > longestLine) {
        say(rest)
        rest = ''
      }
      done()
    },
    final(done) {
      if (rest !== '') say(rest)
      done()
    },
  })
}
