import { type Readable, Transform, type Writable } from 'node:stream'
import type { Context } from '@angee/core'
import type { Engine } from '../engine/engine.ts'
import { deliver, tailOf } from '../exec/pipes.ts'

const stderrLimit = 64 * 1024

/** How much there was in each stream. */
interface Bytes {
  stdout: number
  stderr: number
}

/** What came of reading a log once. */
export interface LogReading {
  bytes: Bytes
  stderrTail: string
  /** False where the engine keeps none. */
  readable: boolean
}

/**
 * Reads the log of a container with `docker logs` and gives it to `output`, but for its first `known` bytes. Rejects when
 * the signal aborts or the output breaks.
 */
export async function readLog(
  engine: Engine,
  words: readonly string[],
  output: Writable | undefined,
  known: Bytes,
  ctx: Context,
): Promise<LogReading> {
  ctx.signal.throwIfAborted()
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const onAbort = () => broken.reject(ctx.signal.reason)
  ctx.signal.addEventListener('abort', onAbort, { once: true })

  const client = engine.spawn(['logs', ...words])
  client.stdin.end()
  const stderrTail = tailOf(client.stderr, stderrLimit)
  const streams = [withoutFirst(client.stdout, known.stdout), withoutFirst(client.stderr, known.stderr)] as const
  const both = streams.map(({ stream }) => deliver(stream, output, ctx.clock, broken.reject))
  try {
    const delivered = Promise.all([client, ...both.map((one) => one.delivered)])
    const [{ exitCode }] = await Promise.race([delivered, broken.promise])
    const bytes = { stdout: streams[0].bytes(), stderr: streams[1].bytes() }
    return { bytes, stderrTail: stderrTail(), readable: exitCode === 0 }
  } finally {
    ctx.signal.removeEventListener('abort', onAbort)
    for (const one of both) one.release()
    client.kill('SIGKILL')
    await client
  }
}

/** The stream behind its first `known` bytes, and how many it had in all. */
function withoutFirst(source: Readable, known: number): { stream: Readable; bytes: () => number } {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const start = Math.min(chunk.length, Math.max(0, known - bytes))
      bytes += chunk.length
      done(null, start === 0 ? chunk : chunk.subarray(start))
    },
  })
  return { stream: source.pipe(stream), bytes: () => bytes }
}
