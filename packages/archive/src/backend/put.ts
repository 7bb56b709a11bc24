import { Readable } from 'node:stream'
import type { Context, Digested, PartId, PutResult, StoredPart, TreeSource } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { Encryption } from '../encryption/encryption.ts'
import { blocksOf } from '../frames/chunk.ts'
import { compressBlocks } from '../frames/compress-stream.ts'
import { counted } from '../frames/counted.ts'
import { verifiedBeforeEnd } from '../frames/verified.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import { captureBlocks } from '../tree/capture-stream.ts'
import { withPart } from '../tree/tools.ts'

/** Where the bytes of one part go. */
export interface PartTarget {
  store: ObjectStore
  encryption: Encryption | undefined
  key: string
  part: PartId
}

/** Stores a tree as one compressed archive. */
export async function putTree(target: PartTarget, tree: TreeSource, ctx: Context): Promise<PutResult> {
  const { part } = target
  const { blocks, outcome } = captureBlocks(
    tree,
    (bytes, entries) => ctx.onProgress({ type: 'part', part, state: 'progress', bytes, entries }),
    ctx,
  )
  const { frames, raw } = compressBlocks(blocks)
  const lies = await putFrames(target, frames, () => undefined, ctx)
  const { summary, warnings } = await outcome
  return { stored: { part, kind: 'tree', raw: raw(), ...lies, tree: summary }, warnings: withPart(warnings, part) }
}

/** Stores a stream. Rejects with the stream's own error, also when it closes before its end. */
export async function putStream(target: PartTarget, open: () => Readable, ctx: Context): Promise<PutResult> {
  const { part } = target
  const source = open()
  try {
    const { frames, raw } = compressBlocks(blocksOf(source))
    const lies = await putFrames(target, frames, () => source.destroy(), ctx)
    return { stored: { part, kind: 'stream', raw: raw(), ...lies }, warnings: [] }
  } finally {
    source.destroy()
  }
}

/** Stores frames that were made before, unless they are other ones than `stored` says. */
export async function putMadeFrames(
  target: PartTarget,
  { part, kind, raw, tree, stored, encryption }: StoredPart,
  open: () => Readable,
  ctx: Context,
): Promise<PutResult> {
  const source = open()
  try {
    const made = encryption?.compressed ?? stored
    const frames = verifiedBeforeEnd(wholeOf(source), made, part)
    const lies = await putFrames(target, frames, () => source.destroy(), ctx)
    return { stored: { part, kind, raw, ...lies, ...(tree === undefined ? {} : { tree }) }, warnings: [] }
  } finally {
    source.destroy()
  }
}

/** The bytes of a stream, and its error also where it closes before its end. */
async function* wholeOf(stream: Readable): AsyncGenerator<Buffer> {
  yield* stream as AsyncIterable<Buffer>
  if (!stream.readableEnded) throw new AngeeError('PART_FAILED', 'the stream closed before its end')
}

async function putFrames(
  { store, encryption, key, part }: PartTarget,
  frames: AsyncGenerator<Buffer>,
  abandonSource: () => void,
  ctx: Context,
): Promise<Pick<StoredPart, 'stored' | 'encryption'>> {
  const compressed = counted(frames)
  const sealed = encryption && counted(encryption.seal(compressed.bytes))
  const body = Readable.from((sealed ?? compressed).bytes, {
    objectMode: false,
    highWaterMark: 1 << 20,
    signal: ctx.signal,
  })
  let failure: unknown
  // The first cause: what a store makes of it says less.
  body.once('error', (error) => {
    failure = error
  })
  try {
    const put = await store.put(key, body, { ifAbsent: true }, ctx)
    const stored = (sealed ?? compressed).total()
    if (put.bytes !== stored.bytes) throw lost(part, store, stored, put.bytes)
    if (!encryption) return { stored }
    const { recipients } = encryption
    return { stored, encryption: { method: 'age', recipients, compressed: compressed.total() } }
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

function lost(part: PartId, { location }: ObjectStore, sent: Digested, kept: number): AngeeError {
  return new AngeeError('BACKEND_FAILED', `${part}: ${sent.bytes} bytes were sent and ${location} kept ${kept}`, {
    hint: 'The storage lost bytes. Check it and run again.',
    context: { part, sent: sent.bytes, kept },
    retry: 'later',
  })
}
