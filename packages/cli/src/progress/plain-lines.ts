import type { ProgressEvent } from '@angee/core'
import { counted, formatBytes, formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import type { Display } from './progress.ts'

type PartEvent = Extract<ProgressEvent, { type: 'part' }>

/** How often a part that takes long says that it is still at it, in milliseconds. */
const interval = 30_000

/** A line for each thing that happens, for logs and pipes. Warnings are left to the summary. */
export function plainLines(print: (line: string) => void, now: () => number): Display {
  const parts = new Map<string, { started: number; told: number }>()
  const line = (text: string): void => print(`${plainText(text)}\n`)

  function onPart(event: PartEvent): void {
    const moment = now()
    if (event.state === 'started') parts.set(event.part, { started: moment, told: moment })
    const times = parts.get(event.part)
    if (event.state === 'progress') {
      if (!times || moment - times.told < interval) return
      times.told = moment
      line(`${event.part}: ${formatBytes(event.bytes)} so far${ofTotal(event)}`)
    } else if (event.state === 'done') {
      const took = times ? ` in ${formatDuration(moment - times.started)}` : ''
      const entries = event.entries === undefined ? '' : `, ${counted(event.entries, 'entry', 'entries')}`
      const said = event.message === undefined ? '' : `, ${event.message}`
      line(`${event.part}: done, ${formatBytes(event.bytes)}${entries}${said}${took}`)
    } else if (event.state !== 'started') {
      line(`${event.part}: ${event.state}${event.message === undefined ? '' : `: ${event.message}`}`)
    }
  }

  return {
    onProgress: (event) => {
      if (event.type === 'part') onPart(event)
      else if (event.type !== 'warning') line(event.message)
    },
    end: () => undefined,
  }
}

function ofTotal({ totalBytes }: PartEvent): string {
  return totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`
}
