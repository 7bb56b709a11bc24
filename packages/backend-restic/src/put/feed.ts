import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { finished, type Readable, type Writable } from 'node:stream'
import { AngeeError, type Digested } from '@angee/core'

/**
 * Writes a stream to restic's stdin, without ending that, and gives the length and digest of what was written. Rejects
 * with the stream's own error, also when it closes before its end; resolves early when restic is gone, whose ending
 * then says why.
 */
export async function feedStream(
  source: Readable,
  stdin: Writable,
  onBytes: (bytes: number) => void,
  stops: { gone: AbortSignal; signal: AbortSignal },
): Promise<Digested> {
  const digest = createHash('sha256')
  let bytes = 0
  let closedEarly: Error | undefined
  // An async iterator alone would take a destroyed stream for a finished one.
  finished(source, { writable: false }, (error) => {
    closedEarly = error ?? undefined
  })
  const stopped = AbortSignal.any([stops.gone, stops.signal])
  // A source that says nothing would keep the loop from ending.
  const stop = (): void => void source.destroy()
  stopped.addEventListener('abort', stop, { once: true })
  if (stopped.aborted) stop()
  try {
    for await (const chunk of source as AsyncIterable<Buffer | string>) {
      const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      digest.update(piece)
      bytes += piece.length
      onBytes(bytes)
      if (!stdin.write(piece)) await writable(stdin, stopped)
      if (stdin.errored || stopped.aborted) break
    }
  } catch (error) {
    if (!stopped.aborted) throw error
  } finally {
    stopped.removeEventListener('abort', stop)
  }
  // restic reads no more, so it is about to end.
  if (stdin.errored && !stopped.aborted) await once(stopped, 'abort')
  stops.signal.throwIfAborted()
  if (!stops.gone.aborted) {
    if (closedEarly) throw closedEarly
    if (!source.readableEnded) throw new AngeeError('PART_FAILED', 'the stream closed before its end')
  }
  return { bytes, digest: `sha256:${digest.digest('hex')}` }
}

/** Waits until more can be written, or never will be. */
async function writable(stdin: Writable, stopped: AbortSignal): Promise<void> {
  await once(stdin, 'drain', { signal: stopped }).catch(() => undefined)
}
