import type { ProgressEvent } from '@angee/core'

/** What is known of one part while an operation runs. Times in milliseconds. */
export interface PartState {
  part: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped'
  bytes: number
  totalBytes: number | undefined
  entries: number | undefined
  startedAt: number
  endedAt: number | undefined
  message: string | undefined
}

/** What the animation shows: where the operation is, and every part it has told of, in order of appearance. */
export interface Picture {
  phase: string | undefined
  parts: ReadonlyMap<string, PartState>
}

export const blank: Picture = { phase: undefined, parts: new Map() }

/** The picture after one more event, told at `now`. Another phase begins with no parts: they may come again in it. */
export function withEvent(picture: Picture, event: ProgressEvent, now: number): Picture {
  if (event.type === 'phase') return { phase: event.message, parts: new Map() }
  if (event.type !== 'part') return picture
  const before = picture.parts.get(event.part)
  const ended = event.state === 'done' || event.state === 'failed' || event.state === 'skipped'
  const failed = event.state === 'failed'
  const next: PartState = {
    part: event.part,
    state: event.state === 'started' || event.state === 'progress' ? 'running' : event.state,
    bytes: failed ? (before?.bytes ?? event.bytes) : event.bytes,
    totalBytes: event.totalBytes ?? before?.totalBytes,
    entries: event.entries ?? before?.entries,
    startedAt: event.state === 'started' ? now : (before?.startedAt ?? now),
    endedAt: ended ? now : undefined,
    message: event.message,
  }
  return { phase: picture.phase, parts: new Map(picture.parts).set(event.part, next) }
}
