import { EventEmitter } from 'node:events'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** What an operation tells of itself: progress as core tells it, and how its state changes. */
export type OperationEvent = { type: string } & Record<string, unknown>

/** An event that lies in the log. `position` is where the next one begins: it names the event to whoever resumes. */
export interface LoggedEvent {
  position: number
  type: string
  /** JSON. */
  text: string
}

/**
 * The events of every operation, a file each, a line of JSON each. An event is in the file before anybody is told of it,
 * so that none is lost when the process dies; who follows reads the file, so that a slow one costs no memory.
 */
export interface EventLog {
  append(id: string, event: OperationEvent): void
  /** The events from a position on, as many as lie in one piece of the file; none at its end. */
  read(id: string, from: number): LoggedEvent[]
  /** Whether an event ends there, or the log begins. */
  isPosition(id: string, position: number): boolean
  /** Resolves when there is more than at `from`, or `signal` aborts. */
  more(id: string, from: number, signal: AbortSignal): Promise<void>
  /** Nothing will be appended any more. */
  close(id: string): void
  remove(id: string): void
}

const pieceSize = 64 * 1024
/** An event of more bytes than this is cut out; one that long is no message any more. */
const longest = 32 * 1024
/** A job that writes for days is told of only so far. */
const longestLog = 32 * 1024 * 1024

/** The event logs in a directory, which is made when it is first needed. */
export function openEventLog(directory: string): EventLog {
  const open = new Map<string, { file: number; size: number }>()
  const news = new EventEmitter().setMaxListeners(0)
  const pathOf = (id: string): string => join(directory, `${id}.events`)

  function fileOf(id: string): { file: number; size: number } {
    const known = open.get(id)
    if (known) return known
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const file = openSync(pathOf(id), 'a+', 0o600)
    const entry = { file, size: wholeLines(file) }
    open.set(id, entry)
    return entry
  }

  function append(id: string, event: OperationEvent): void {
    const entry = fileOf(id)
    const line = Buffer.from(`${JSON.stringify(event)}\n`)
    if (line.length > longest) return append(id, { type: event.type, at: event['at'], message: 'too long to be told' })
    if (entry.size > longestLog && event.type !== 'end') return
    entry.size += writeSync(entry.file, line)
    news.emit(id)
  }

  function read(id: string, from: number): LoggedEvent[] {
    const file = openExisting(pathOf(id))
    if (file === undefined) return []
    try {
      const piece = Buffer.allocUnsafe(pieceSize)
      const length = readSync(file, piece, 0, pieceSize, from)
      return eventsIn(piece.subarray(0, length), from)
    } finally {
      closeSync(file)
    }
  }

  const sizeOf = (id: string): number =>
    open.get(id)?.size ?? statSync(pathOf(id), { throwIfNoEntry: false })?.size ?? 0

  return {
    append,
    read,
    isPosition: (id, position) => {
      if (position === 0) return true
      const file = openExisting(pathOf(id))
      if (file === undefined) return false
      try {
        const byte = Buffer.alloc(1)
        return readSync(file, byte, 0, 1, position - 1) === 1 && byte[0] === newline
      } finally {
        closeSync(file)
      }
    },
    more: (id, from, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || sizeOf(id) > from) return resolve()
        const done = (): void => {
          news.off(id, done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        news.on(id, done)
        signal.addEventListener('abort', done)
      }),
    close: (id) => {
      const entry = open.get(id)
      if (entry) closeSync(entry.file)
      open.delete(id)
      news.emit(id)
    },
    remove: (id) => rmSync(pathOf(id), { force: true }),
  }
}

const newline = 10

function eventsIn(piece: Buffer, from: number): LoggedEvent[] {
  const events: LoggedEvent[] = []
  for (let start = 0, end = piece.indexOf(newline); end !== -1; start = end + 1, end = piece.indexOf(newline, start)) {
    const text = piece.toString('utf8', start, end)
    const [, type = 'event'] = /"type":"([a-z]+)"/.exec(text) ?? []
    events.push({ position: from + end + 1, type, text })
  }
  return events
}

/** Cuts off what a process had begun to write when it died. Gives the length of the rest. */
function wholeLines(file: number): number {
  const { size } = fstatSync(file)
  const tail = Buffer.alloc(Math.min(size, longest))
  readSync(file, tail, 0, tail.length, size - tail.length)
  const whole = size - tail.length + tail.lastIndexOf(newline) + 1
  if (whole < size) ftruncateSync(file, whole)
  return whole
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
