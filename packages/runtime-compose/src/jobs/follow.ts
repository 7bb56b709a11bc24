import type { Writable } from 'node:stream'
import type { Context, ExecResult } from '@angee/core'
import type { Engine } from '../engine/engine.ts'
import { deliver, tailOf } from '../exec/pipes.ts'

const stderrLimit = 64 * 1024

/**
 * Gives everything that a container writes to `output`, from its start to its end, and then tells how it ended. Rejects
 * when the signal aborts or the output breaks; the container is then still there.
 */
export async function follow(
  engine: Engine,
  container: string,
  output: Writable | undefined,
  ctx: Context,
): Promise<ExecResult> {
  ctx.signal.throwIfAborted()
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const onAbort = () => broken.reject(ctx.signal.reason)
  ctx.signal.addEventListener('abort', onAbort, { once: true })

  const client = engine.spawn(['logs', '--follow', container])
  client.stdin.end()
  const stderrTail = tailOf(client.stderr, stderrLimit)
  const both = [client.stdout, client.stderr].map((stream) => deliver(stream, output, ctx.clock, broken.reject))
  try {
    const delivered = Promise.all([client, ...both.map((one) => one.delivered)])
    const [{ exitCode }] = await Promise.race([delivered, broken.promise])
    if (exitCode !== 0) ctx.logger.warn('the engine did not give the whole output of a job', { container })
    const code = await engine.call(['wait', container], ctx)
    return { exitCode: Number(code), signal: null, stderrTail: stderrTail() }
  } finally {
    ctx.signal.removeEventListener('abort', onAbort)
    for (const one of both) one.release()
    client.kill('SIGKILL')
    await client
  }
}
