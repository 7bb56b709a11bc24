import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AngeeError, type Context, type Digested, isAngeeError } from '@angee/core'

/**
 * Passes bytes on and holds the last piece back until length and digest are right and their source has ended well:
 * whoever reads to the end has read the right bytes.
 */
export async function* verifiedBeforeEnd(
  bytes: AsyncIterable<Buffer>,
  expected: Digested,
  part: string,
): AsyncGenerator<Buffer> {
  const digest = createHash('sha256')
  let count = 0
  let held: Buffer | undefined
  try {
    for await (const piece of bytes) {
      count += piece.length
      if (count > expected.bytes) break
      digest.update(piece)
      if (held) yield held
      held = piece
    }
  } catch (error) {
    throw ofPart(part, error)
  }
  const found = `sha256:${digest.digest('hex')}`
  if (count !== expected.bytes || found !== expected.digest) throw differs(part, count, found, expected)
  if (held) yield held
}

/**
 * The bytes that `read` gives as a stream. An abort errors it with the reason; when it is left, the signal that `read`
 * was given aborts, so that no restic goes on for nobody.
 */
export function streamFrom(read: (ctx: Context) => AsyncGenerator<Buffer>, ctx: Context): Readable {
  const left = new AbortController()
  const stream = Readable.from(read({ ...ctx, signal: AbortSignal.any([ctx.signal, left.signal]) }), {
    objectMode: false,
  })
  const abort = (): void => void stream.destroy(ctx.signal.reason as Error)
  ctx.signal.addEventListener('abort', abort, { once: true })
  stream.once('close', () => {
    ctx.signal.removeEventListener('abort', abort)
    left.abort()
  })
  return stream
}

/** Damage that restic found names no part of ours. */
export function ofPart(part: string, error: unknown): unknown {
  if (!isAngeeError(error, 'SNAPSHOT_CORRUPT')) return error
  return corrupt(part, error.message, error)
}

export function corrupt(part: string, what: string, cause?: unknown): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', `${part} is damaged: ${what}`, {
    hint: 'Restore another snapshot, check the storage, and see "restic check --read-data" and "restic repair".',
    context: { part },
    cause,
  })
}

function differs(part: string, bytes: number, digest: string, expected: Digested): AngeeError {
  const found = bytes > expected.bytes ? `more than ${expected.bytes} bytes` : `${bytes} bytes, ${digest}`
  return corrupt(part, `found ${found}; the manifest says ${expected.bytes} bytes, ${expected.digest}`)
}
