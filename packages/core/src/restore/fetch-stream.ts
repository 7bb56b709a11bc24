import { createHash } from 'node:crypto'
import { pipeline, type Readable, Transform } from 'node:stream'
import type { Context, SnapshotReader, StoredPart } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'

/** The dump of a part from the backend, as `verified`. */
export async function fetchStream(reader: SnapshotReader, stored: StoredPart, ctx: Context): Promise<Readable> {
  return verified(await reader.getStream(stored.part, ctx), stored, ctx)
}

/**
 * The same bytes, and the progress told of. The last of them and the end come only when length and digest are those of
 * the manifest, so that whoever reads to the end has read what was stored; else it fails with SNAPSHOT_CORRUPT.
 */
export function verified(source: Readable, { part, raw }: StoredPart, ctx: Context): Readable {
  const digest = createHash('sha256')
  let bytes = 0
  let held: Buffer | undefined
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      digest.update(chunk)
      ctx.onProgress({ type: 'part', part, state: 'progress', bytes, totalBytes: raw.bytes })
      const ready = held
      held = chunk
      done(null, ready)
    },
    flush(done) {
      const found = `sha256:${digest.digest('hex')}`
      if (bytes === raw.bytes && found === raw.digest) done(null, held)
      else done(corrupt(part, { bytes, digest: found }, raw))
    },
  })
  // Whoever reads is given the error; it may come before there is such a one.
  check.on('error', () => undefined)
  return pipeline(source, check, () => undefined)
}

function corrupt(part: string, found: StoredPart['raw'], meant: StoredPart['raw']): AngeeError {
  return new AngeeError(
    'SNAPSHOT_CORRUPT',
    `${part}: got ${found.bytes} bytes with digest ${found.digest}, the manifest says ${meant.bytes} with ${meant.digest}`,
    {
      hint: 'Verify the snapshot and choose another one: angee stack backup verify',
      context: { part },
    },
  )
}
