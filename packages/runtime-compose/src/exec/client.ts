import { PassThrough } from 'node:stream'
import type { Context, ExecStreams } from '@angee/core'
import { endInside } from './end-inside.ts'
import { markedOutput } from './marked-output.ts'
import { deliver, feed, tailOf } from './pipes.ts'
import type { Place } from './place.ts'
import { type Invocation, markName } from './wrapper.ts'

export interface ClientOutcome {
  /** What the client ended with. */
  exitCode: number
  /** Whether the command is known to have been started. */
  started: boolean
  /** What the wrapper wrote behind the last byte; undefined when it never came, or something else came after it. */
  end: { exitCode: number; held: boolean } | undefined
  stderrTail: string
  /** What the engine wrote to stdout in place of a command. */
  words: string
  sinceStall: number | undefined
}

const stderrLimit = 64 * 1024
/** Milliseconds after which a start that was under way when the client was killed has shown itself. */
const startUnderWay = 500

/**
 * Runs `docker compose exec` to its end. On abort, and when a stream of the caller breaks, what runs inside is ended
 * first, then the client; then the call rejects with that reason.
 */
export async function runClient(
  place: Place,
  mark: string,
  { flags, command, environment, marked }: Invocation,
  io: ExecStreams,
  ctx: Context,
): Promise<ClientOutcome> {
  ctx.signal.throwIfAborted()
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const onAbort = () => broken.reject(ctx.signal.reason)
  ctx.signal.addEventListener('abort', onAbort, { once: true })

  const client = place.project.engine.spawn(place.execWords(flags, command), {
    ...place.project.environment('look'),
    ...environment,
  })
  const stderrTail = tailOf(client.stderr, stderrLimit)
  const input = feed(io.stdin, client.stdin, broken.reject)
  const marks = marked ? markedOutput(mark, input.begin, input.release) : undefined
  if (!marked) input.begin()
  // The script waits for the end of its stdin, and gives a command that was given none an empty one.
  if (!marked && io.stdin === undefined) input.release()
  const stdout = client.stdout.pipe(marks?.stream ?? new PassThrough())
  const output = deliver(stdout, io.stdout, ctx.clock, broken.reject)
  try {
    const [{ exitCode }] = await Promise.race([Promise.all([client, output.delivered]), broken.promise])
    return {
      exitCode: exitCode ?? 1,
      started: marks?.started() ?? true,
      end: marks?.end(),
      stderrTail: stderrTail(),
      words: marks?.words() ?? '',
      sinceStall: output.sinceStall(),
    }
  } catch (error) {
    output.release()
    const ended = await endAll()
    if (!ended) ctx.logger.warn(`what was started in ${place.service} may still run there`, { [markName]: mark })
    throw error
  } finally {
    ctx.signal.removeEventListener('abort', onAbort)
    output.release()
    input.release()
  }

  /** The client goes second: while it lives, what it has asked the engine to start may still appear. */
  async function endAll(): Promise<boolean> {
    const before = await endInside(place, mark, ctx)
    client.kill('SIGKILL')
    await client
    if (marks?.started() !== true) await ctx.clock.sleep(startUnderWay)
    return (await endInside(place, mark, ctx)) || before
  }
}
