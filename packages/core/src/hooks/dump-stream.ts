import { type Readable, Transform } from 'node:stream'
import type { Context } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'
import { runHook } from './run-hook.ts'

/**
 * Starts the dump hook and gives its output. The stream ends only after the hook exited with 0 and wrote something;
 * otherwise it errors, so that whoever stores it cannot take half a dump for a whole one. `ended` resolves, and never
 * rejects, when the hook is no longer running.
 */
export function dumpStream(
  stack: Pick<Stack, 'runtimes'>,
  part: StreamPart,
  onBytes: (total: number) => void,
  ctx: Context,
): { output: Readable; ended: Promise<void> } {
  let bytes = 0
  const output = new Transform({
    readableHighWaterMark: 4 << 20,
    writableHighWaterMark: 1 << 20,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      onBytes(bytes)
      done(null, chunk)
    },
  })
  // A hook may fail before anybody reads. The error is kept by the stream and given to whoever does.
  output.on('error', () => undefined)
  // A reader that gives up closes the stream; the hook has then nobody to write to and must not go on.
  const abandoned = new AbortController()
  output.once('close', () =>
    abandoned.abort(new AngeeError('PART_FAILED', `storing ${part.id} ended before its dump did`)),
  )
  const signal = AbortSignal.any([ctx.signal, abandoned.signal])
  const ended = runHook(stack, part, 'dump', part.hook.dump, { stdout: output }, { ...ctx, signal }).then(
    () => {
      if (bytes > 0 || part.hook.allowEmpty) output.end()
      else output.destroy(emptyDump(part))
    },
    (error: unknown) => {
      output.destroy(error as Error)
    },
  )
  return { output, ended }
}

function emptyDump({ service }: StreamPart): AngeeError {
  return new AngeeError('DUMP_EMPTY', `the dump hook of service ${service} exited with 0 and wrote nothing`, {
    hint: `Check the command, or set services.${service}.backup.allow_empty: true if a dump of no bytes is right.`,
    context: { service },
  })
}
