import type { Buffer } from 'node:buffer'
import type { Writable } from 'node:stream'
import type { Context } from '@angee/core'
import { AngeeError, type ErrorCode } from '@angee/core/errors'

/** Where the bytes of an export go, in order. Disposing before `finish` takes back what can be taken back. */
export interface ExportSink extends AsyncDisposable {
  /** For display. */
  readonly location: string
  write(bytes: Buffer, ctx: Context): Promise<void>
  /** All bytes are written: makes them durable and visible, as far as the place has these. */
  finish(ctx: Context): Promise<void>
}

/** Writes to a stream that somebody else reads and keeps. What went there stays there. */
export function streamSink(stream: Writable, location: string): ExportSink {
  // The callback of the write is told too, and decides.
  const ignore = (): void => undefined
  stream.on('error', ignore)
  return {
    location,
    write: (bytes, { signal }) =>
      new Promise((resolve, reject) => {
        const abort = (): void => reject(signal.reason)
        signal.addEventListener('abort', abort, { once: true })
        stream.write(bytes, (error) => {
          signal.removeEventListener('abort', abort)
          if (error) reject(sinkError(error, location))
          else resolve()
        })
      }),
    finish: async () => undefined,
    [Symbol.asyncDispose]: async () => void stream.off('error', ignore),
  }
}

const codes: Record<string, ErrorCode> = { ENOSPC: 'SPACE_INSUFFICIENT', EDQUOT: 'SPACE_INSUFFICIENT' }

const hints: Record<string, string> = {
  ENOSPC: 'Free some space there, or choose another disk.',
  EDQUOT: 'Free some space there, or choose another disk.',
  EFBIG: 'The file system there does not take files of this size. Choose another one.',
  EPIPE: 'Whoever was to read it went away.',
}

/** What the system refused while an export was written. */
export function sinkError(error: unknown, location: string): AngeeError {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new AngeeError(codes[code] ?? 'BACKEND_FAILED', `${location} cannot be written: ${message}`, {
    hint: hints[code] ?? 'Nothing was exported. Check the disk and run again.',
    context: { location, systemCode: code },
    cause: error,
  })
}
