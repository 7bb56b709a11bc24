import type { Context, TreeSource } from '@angee/core'
import type { Block } from '../frames/compress-stream.ts'
import { toRemember } from './memory/remember.ts'
import type { Remember } from './memory/write.ts'
import type { TreeOutcome } from './messages.ts'
import { makeRing, openRing } from './ring.ts'
import { startTreeThread, stopOnAbort, type TreeThread } from './thread.ts'

/**
 * Reads a tree in a thread of its own and gives its archive block by block. Each block is memory the thread fills again
 * once it is released. The outcome settles after the last block.
 */
export function captureBlocks(
  source: Pick<TreeSource, 'directory' | 'exclude' | 'memory'>,
  onProgress: (bytes: number, entries: number) => void,
  ctx: Context,
): { blocks: AsyncGenerator<Block>; outcome: Promise<TreeOutcome> } {
  const shared = makeRing()
  const ring = openRing(shared)
  let filled = 0
  const used = new Set<number>()
  let released = 0
  // Blocks are compressed side by side and end in any order; the thread may have them back only in order.
  const release = (index: number): void => {
    used.add(index)
    while (used.delete(released)) ring.release(released++)
  }
  let wake: () => void = () => undefined
  const outcome = Promise.withResolvers<TreeOutcome>()
  outcome.promise.catch(() => undefined)
  let over = false
  const start = (remember: Remember | undefined): TreeThread<TreeOutcome> => {
    const thread = startTreeThread(
      { task: 'capture', ring: shared, directory: source.directory, exclude: source.exclude, remember },
      (message) => {
        if (message.type === 'filled') filled = message.index + 1
        // What a stopped thread had said before reaches us later, when nobody wants to know any more.
        if (message.type === 'progress' && !over) onProgress(message.bytes, message.entries)
        wake()
      },
    )
    const finish = (): void => {
      over = true
      wake()
    }
    thread.outcome.then(finish, finish)
    thread.outcome.then(outcome.resolve, outcome.reject)
    return thread
  }

  async function* blocks(): AsyncGenerator<Block> {
    let thread: TreeThread<TreeOutcome> | undefined
    const offAbort = stopOnAbort(ctx, () => ring.giveUp())
    try {
      // Not before: a generator that is never begun is never ended either, and the thread would wait for ever.
      thread = start(await toRemember(source, ctx))
      for (let index = 0; ; index++) {
        while (index >= filled && !over) {
          await new Promise<void>((resolve) => {
            wake = resolve
            if (ctx.signal.aborted) resolve()
          })
          ctx.signal.throwIfAborted()
        }
        if (index >= filled) break
        yield { bytes: ring.filled(index), release: () => release(index) }
      }
      await thread.outcome
    } catch (error) {
      outcome.reject(error)
      throw error
    } finally {
      over = true
      offAbort()
      ring.giveUp()
      await thread?.stop()
    }
  }
  return { blocks: blocks(), outcome: outcome.promise }
}
