import { Readable } from 'node:stream'
import type { Context, Digested, PartId, PutResult, TreeSource } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import { blocksOf } from '../frames/chunk.ts'
import { type Block, compressBlocks } from '../frames/compress-stream.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import { captureBlocks } from '../tree/capture-stream.ts'
import { withPart } from '../tree/tools.ts'

/** Stores a tree as one compressed archive. */
export async function putTree(
  store: ObjectStore,
  key: string,
  part: PartId,
  tree: TreeSource,
  ctx: Context,
): Promise<PutResult> {
  const { blocks, outcome } = captureBlocks(
    tree,
    (bytes, entries) => ctx.onProgress({ type: 'part', part, state: 'progress', bytes, entries }),
    ctx,
  )
  const { raw, stored } = await putBlocks(store, key, part, blocks, () => undefined, ctx)
  const { summary, warnings } = await outcome
  return { stored: { part, kind: 'tree', raw, stored, tree: summary }, warnings: withPart(warnings, part) }
}

/** Stores a stream. Rejects with the stream's own error, also when it closes before its end. */
export async function putStream(
  store: ObjectStore,
  key: string,
  part: PartId,
  open: () => Readable,
  ctx: Context,
): Promise<PutResult> {
  const source = open()
  try {
    const { raw, stored } = await putBlocks(store, key, part, blocksOf(source), () => source.destroy(), ctx)
    return { stored: { part, kind: 'stream', raw, stored }, warnings: [] }
  } finally {
    source.destroy()
  }
}

async function putBlocks(
  store: ObjectStore,
  key: string,
  part: PartId,
  blocks: AsyncIterable<Block>,
  abandonSource: () => void,
  ctx: Context,
): Promise<{ raw: Digested; stored: Digested }> {
  const { frames, raw, stored } = compressBlocks(blocks)
  const body = Readable.from(frames, { objectMode: false, highWaterMark: 1 << 20, signal: ctx.signal })
  let failure: unknown
  // The first cause: what a store makes of it says less.
  body.once('error', (error) => {
    failure = error
  })
  try {
    const put = await store.put(key, body, { ifAbsent: true }, ctx)
    const sent = stored()
    if (put.bytes === sent.bytes) return { raw: raw(), stored: sent }
    throw new AngeeError(
      'BACKEND_FAILED',
      `${part}: ${sent.bytes} bytes were sent and ${store.location} kept ${put.bytes}`,
      {
        hint: 'The storage lost bytes. Check it and run again.',
        context: { part, sent: sent.bytes, kept: put.bytes },
        retry: 'later',
      },
    )
  } catch (error) {
    ctx.signal.throwIfAborted()
    // The store ended the body because it failed itself: then its own error says more.
    throw failure instanceof Error && failure.name === 'AbortError' ? error : (failure ?? error)
  } finally {
    body.destroy()
    // A source that says nothing would keep the frames, which wait for it, from ending.
    abandonSource()
    await frames.return(undefined)
  }
}
