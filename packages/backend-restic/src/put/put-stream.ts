import type { Readable } from 'node:stream'
import { AngeeError, type Context, type Digested, type PartId, type PutResult } from '@angee/core'
import type { Restic } from '../program/restic.ts'
import { writeLocator } from '../snapshots/locator.ts'
import { type Backup, backup } from './backup.ts'
import { feedStream } from './feed.ts'

/** What the writer gives every put. */
export interface PutPlace {
  restic: Restic
  part: PartId
  /** The value of `--tag`. */
  tags: string
  onStored(resticId: string): void
}

/** Stores a stream. Rejects with the stream's own error, also when it closes before its end. */
export async function putStream(place: PutPlace, open: () => Readable, ctx: Context): Promise<PutResult> {
  const source = open()
  // It may fail before anybody listens; whoever reads it then is told.
  source.on('error', () => undefined)
  const name = place.part.replace('/', '.')
  const onBytes = (bytes: number): void => ctx.onProgress({ type: 'part', part: place.part, state: 'progress', bytes })
  const { raw, stored } = await storeStream(place, name, source, onBytes, ctx)
  const locator = writeLocator({ form: 'stream', resticId: stored.resticId, path: `/${name}` })
  return {
    stored: {
      part: place.part,
      kind: 'stream',
      raw,
      stored: { bytes: stored.bytesAdded, digest: raw.digest },
      locator,
    },
    warnings: [],
  }
}

/** Stores all bytes of a stream as one file, and compares what restic read with what was sent. */
export async function storeStream(
  { restic, part, tags, onStored }: PutPlace,
  name: string,
  source: Readable,
  onBytes: (bytes: number) => void,
  ctx: Context,
): Promise<{ raw: Digested; stored: Backup }> {
  let raw: Digested | undefined
  try {
    const stored = await backup(
      restic,
      {
        words: ['--stdin', '--stdin-filename', name, '--tag', tags],
        feed: async (stdin, gone) => {
          raw = await feedStream(source, stdin, onBytes, { gone, signal: ctx.signal })
        },
        onStored,
      },
      ctx,
    )
    ctx.signal.throwIfAborted()
    // Of nothing restic makes no file, and says that it could not read one.
    const whole = raw?.bytes === 0 || !stored.incomplete
    if (raw && raw.bytes === stored.bytesRead && whole) return { raw, stored }
    throw new AngeeError(
      'BACKEND_FAILED',
      `${part}: ${raw?.bytes} bytes were sent and restic took ${stored.bytesRead}`,
      {
        hint: 'Run again.',
        context: { part, sent: raw?.bytes ?? 0, taken: stored.bytesRead },
        retry: 'later',
      },
    )
  } finally {
    source.destroy()
  }
}
