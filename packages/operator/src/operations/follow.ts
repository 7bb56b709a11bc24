import type { EventLog } from './events.ts'

/** A proxy on the way must not take a quiet connection for a dead one. Milliseconds. */
const heartbeat = 15_000

export interface Following {
  /** Where to begin. */
  from: number
  /** Whether more events may come. */
  isLive(): boolean
  /** Aborted when the operator ends: whoever follows then comes again. */
  signal: AbortSignal
}

/** The events of an operation as server-sent events. They are read when the other side has taken those before. */
export function eventStream(
  log: EventLog,
  id: string,
  { from, isLive, signal }: Following,
): ReadableStream<Uint8Array> {
  let position = from
  let ended = false
  const gone = new AbortController()
  const over = AbortSignal.any([gone.signal, signal])
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          // Asked before reading: what is appended last is appended while it lives.
          const live = isLive()
          const events = log.read(id, position)
          if (events.length > 0) {
            position = events.at(-1)?.position ?? position
            ended = events.some(({ type }) => type === 'end')
            controller.enqueue(encode(events.map(format).join('')))
            return
          }
          if (ended || !live || over.aborted) return controller.close()
          if (await waited(log, id, position, over)) return controller.enqueue(encode(': still here\n\n'))
        }
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  )
}

/** Resolves to true when nothing has come for so long that something must be said. */
async function waited(log: EventLog, id: string, position: number, over: AbortSignal): Promise<boolean> {
  const quiet = AbortSignal.timeout(heartbeat)
  await log.more(id, position, AbortSignal.any([over, quiet]))
  return quiet.aborted && !over.aborted
}

function format({ position, type, text }: { position: number; type: string; text: string }): string {
  return `id: ${position}\nevent: ${type}\ndata: ${text}\n\n`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
