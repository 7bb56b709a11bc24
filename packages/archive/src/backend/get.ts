import { Readable } from 'node:stream'
import type { Context, StoredPart } from '@angee/core'
import { AngeeError, isAngeeError } from '@angee/core/errors'
import { type Encryption, keyMissing } from '../encryption/encryption.ts'
import { decompressBlocks } from '../frames/decompress-stream.ts'
import { verified, verifiedBeforeEnd } from '../frames/verified.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import { extractBlocks } from '../tree/extract-stream.ts'
import { withPart } from '../tree/tools.ts'

/** Where the bytes of one stored part lie. */
export interface PartSource {
  store: ObjectStore
  encryption: Encryption | undefined
  key: string
  stored: StoredPart
}

/** Extracts a stored tree, or with `into` undefined only reads it, comparing everything the manifest says of it. */
export async function getTree(source: PartSource, into: string | undefined, ctx: Context): Promise<void> {
  const { stored } = source
  const { part, tree } = stored
  const body = await open(source, ctx)
  try {
    const blocks = decompressBlocks(framesIn(body, source))
    const onProgress = (bytes: number, entries: number): void =>
      ctx.onProgress({ type: 'part', part, state: 'progress', bytes, totalBytes: stored.raw.bytes, entries })
    const archive = verified(freed(blocks), stored.raw, `the archive of ${part}`)
    const { summary, warnings } = await extractBlocks(archive, into, tree?.bytes ?? 0, onProgress, ctx)
    if (summary.digest !== tree?.digest) throw differs(part, 'its tree digest')
    for (const warning of withPart(warnings, part)) ctx.onProgress({ type: 'warning', warning })
  } catch (error) {
    throw ofPart(part, error)
  } finally {
    body.destroy()
  }
}

/**
 * Gives the memory of each block back when the next one is asked for, by which time it has been copied. The collector
 * alone would let blocks of several seconds pile up.
 */
async function* freed(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    yield block
    if (block.buffer instanceof ArrayBuffer && block.byteOffset === 0) block.buffer.transfer(0)
  }
}

/** The bytes of a stored stream; they end only when length and digest are right. */
export async function getStream(source: PartSource, ctx: Context): Promise<Readable> {
  const { stored } = source
  const body = await open(source, ctx)
  const blocks = decompressBlocks(framesIn(body, source))
  return streamOf(verifiedBeforeEnd(namingPart(stored.part, blocks), stored.raw, stored.part), body, ctx)
}

/** The compressed frames of a part, decrypted; they end only when length and digest are right. */
export async function getFrames(source: PartSource, ctx: Context): Promise<Readable> {
  const { stored } = source
  const body = await open(source, ctx)
  const made = stored.encryption?.compressed ?? stored.stored
  return streamOf(verifiedBeforeEnd(namingPart(stored.part, framesIn(body, source)), made, stored.part), body, ctx)
}

/** Reads the bytes as they lie and compares them with the manifest. No key is needed. */
export async function readStored(source: PartSource, ctx: Context): Promise<void> {
  const { part, stored } = source.stored
  const body = await open(source, ctx)
  try {
    for await (const _ of verified(body as AsyncIterable<Buffer>, stored, part)) ctx.signal.throwIfAborted()
  } finally {
    body.destroy()
  }
}

/** The compressed bytes in what lies in the store, each layer compared with the manifest. */
function framesIn(body: Readable, { encryption, stored }: PartSource): AsyncIterable<Buffer> {
  const lying = verified(body as AsyncIterable<Buffer>, stored.stored, stored.part)
  if (!stored.encryption) return lying
  const compressed = (encryption as Encryption).unseal(lying, stored.part)
  return verified(compressed, stored.encryption.compressed, `what is encrypted as ${stored.part}`)
}

function streamOf(bytes: AsyncIterable<Buffer>, body: Readable, ctx: Context): Readable {
  const stream = Readable.from(bytes, { objectMode: false })
  const abort = (): void => {
    stream.destroy(ctx.signal.reason as Error)
    // The generator behind the stream waits for the body, and could not end before it.
    body.destroy()
  }
  ctx.signal.addEventListener('abort', abort, { once: true })
  stream.once('close', () => {
    ctx.signal.removeEventListener('abort', abort)
    body.destroy()
  })
  return stream
}

async function open({ store, encryption, key, stored }: PartSource, ctx: Context): Promise<Readable> {
  const { part } = stored
  if (stored.encryption && !encryption) throw keyMissing(part)
  try {
    const body = await store.get(key, undefined, ctx)
    // It may fail before it is read, on an abort for one; whoever reads it is told.
    body.on('error', () => undefined)
    return body
  } catch (error) {
    if (!isAngeeError(error, 'OBJECT_NOT_FOUND')) throw error
    throw new AngeeError('SNAPSHOT_CORRUPT', `${part} is missing from the snapshot (${store.location}/${key})`, {
      hint: 'Restore another snapshot, and find out who removed it.',
      context: { part, key },
      cause: error,
    })
  }
}

async function* namingPart(part: string, blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* blocks
  } catch (error) {
    throw ofPart(part, error)
  }
}

/** Damage that the codec or the archive's reader has found first: the same for whoever asked, who knows parts only. */
function ofPart(part: string, error: unknown): unknown {
  if (!isAngeeError(error, 'ARCHIVE_CORRUPT')) return error
  return new AngeeError('SNAPSHOT_CORRUPT', `${part} is damaged: ${error.message}`, {
    hint: 'Restore another snapshot, and check the disk this one lies on.',
    context: { part },
    cause: error,
  })
}

function differs(part: string, what: string): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', `${part} is damaged: ${what} differs from the manifest`, {
    hint: 'Restore another snapshot, and check the disk this one lies on.',
    context: { part },
  })
}
