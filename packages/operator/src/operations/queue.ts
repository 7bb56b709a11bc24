import { AngeeError } from '@angee/core'
import type { OperationKind } from './kind.ts'

export type Lane = 'writer' | 'reader'

/** One writer at a time, as the lock of the stack has it; checks of what is stored go beside it, a few at once. */
const width: Record<Lane, number> = { writer: 1, reader: 2 }
/** So many may wait, of both lanes together. */
const longest = 32

export interface Queue {
  /** QUEUE_FULL when so many that wait are too many. */
  requireRoom(kind: OperationKind, waiting: number): void
  /** Starts `run` when its turn comes. It must not reject. */
  add(id: string, lane: Lane, run: () => Promise<void>): void
  /** Takes one out that has not been started. False where it runs, or is not there. */
  remove(id: string): boolean
  /** Nothing is started until `release` is called. */
  hold(): { release(): void }
  readonly waiting: readonly string[]
  readonly running: readonly string[]
  /** Resolves when nothing runs. */
  idle(): Promise<void>
}

export function makeQueue(): Queue {
  let waiting: { id: string; lane: Lane; run: () => Promise<void> }[] = []
  const running = new Map<string, { lane: Lane; done: Promise<void> }>()
  let held = 0

  function next(): void {
    if (held > 0) return
    for (const entry of [...waiting]) {
      const busy = [...running.values()].filter(({ lane }) => lane === entry.lane).length
      if (busy >= width[entry.lane]) continue
      waiting = waiting.filter((one) => one !== entry)
      const done = entry.run().finally(() => {
        running.delete(entry.id)
        next()
      })
      running.set(entry.id, { lane: entry.lane, done })
    }
  }

  return {
    requireRoom: (kind, count) => {
      if (count < longest) return
      throw new AngeeError('QUEUE_FULL', `${longest} operations wait already; the ${kind} was not taken on`, {
        hint: 'Wait until some have ended, or cancel one: POST /operations/ID/cancel.',
        context: { waiting: longest },
        retry: 'later',
      })
    },
    add: (id, lane, run) => {
      waiting.push({ id, lane, run })
      next()
    },
    remove: (id) => {
      const before = waiting.length
      waiting = waiting.filter((one) => one.id !== id)
      return waiting.length < before
    },
    hold: () => {
      held++
      return {
        release: () => {
          held--
          next()
        },
      }
    },
    get waiting() {
      return waiting.map(({ id }) => id)
    },
    get running() {
      return [...running.keys()]
    },
    idle: async () => {
      while (running.size > 0) await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}
