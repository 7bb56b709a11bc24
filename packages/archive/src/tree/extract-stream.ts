import type { Buffer } from 'node:buffer'
import type { Context } from '@angee/core'
import type { TreeOutcome } from './messages.ts'
import { blockBytes, makeRing, openRing } from './ring.ts'
import { startTreeThread, stopOnAbort } from './thread.ts'

/**
 * Extracts the raw blocks of an archive into an empty directory in a thread of its own; with `into` undefined it only
 * reads and digests. Rejects when the archive is not canonical, or ends early.
 */
export async function extractBlocks(
  blocks: AsyncIterable<Buffer>,
  into: string | undefined,
  mostBytes: number,
  onProgress: (bytes: number, entries: number) => void,
  ctx: Pick<Context, 'signal'>,
): Promise<TreeOutcome> {
  const shared = makeRing()
  const ring = openRing(shared)
  let wake: () => void = () => undefined
  let failed = false
  const thread = startTreeThread({ task: 'extract', ring: shared, into, mostBytes }, (message) => {
    if (message.type === 'progress') onProgress(message.bytes, message.entries)
    wake()
  })
  const offAbort = stopOnAbort(ctx, () => {
    ring.giveUp()
    wake()
  })
  thread.outcome.catch(() => {
    failed = true
    wake()
  })
  let index = 0
  const room = async (): Promise<void> => {
    while (!ring.canFill(index) && !failed && !ctx.signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    ctx.signal.throwIfAborted()
  }
  try {
    for await (const block of blocks) {
      for (let at = 0; at < block.length; at += blockBytes) {
        await room()
        if (failed) return await thread.outcome
        ring.fill(index, block.copy(ring.block(index), 0, at, at + blockBytes))
        index++
      }
    }
    await room()
    if (!failed) ring.fillEnd(index)
    return await thread.outcome
  } finally {
    offAbort()
    ring.giveUp()
    await thread.stop()
  }
}
