import type { Writable } from 'node:stream'
import type { Context, ExecResult } from '@angee/core'
import type { Engine } from '../engine/engine.ts'
import { readLog } from './log.ts'

/**
 * Gives everything that a container writes to `output`, as it comes and up to its end, and then tells how it ended.
 * Rejects when the signal aborts or the output breaks; the container is then still there.
 *
 * An engine that is busy ends the log that is followed before its end, with nothing to show for it. So once the container
 * has ended, its log is read again, and what was missing is delivered.
 */
export async function follow(
  engine: Engine,
  container: string,
  output: Writable | undefined,
  ctx: Context,
): Promise<ExecResult> {
  const followed = await readLog(engine, ['--follow', container], output, { stdout: 0, stderr: 0 }, ctx)
  const code = await engine.call(['wait', container], ctx)
  const whole = await readLog(engine, [container], output, followed.bytes, ctx)
  if (!whole.readable)
    ctx.logger.warn('the engine does not give the log of a job: its output is not known', { container })
  // A log that is cut by rotation is shorter than what was followed of it.
  const isWhole = whole.readable && whole.bytes.stderr >= followed.bytes.stderr
  return { exitCode: Number(code), signal: null, stderrTail: (isWhole ? whole : followed).stderrTail }
}
