import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Context } from '@angee/core'
import type { RepositoryPlace } from '../repository/place.ts'
import { type Ending, failure } from './failure.ts'
import { type ResticProcess, startRestic } from './process.ts'
import type { Sayings } from './stderr.ts'
import { requireVersion } from './version.ts'

/** restic on one repository. Words go to it as they are: no shell is involved, and no secret is among them. */
export interface Restic {
  readonly place: RepositoryPlace
  /** Finds the program and checks its version, once. BACKEND_UNAVAILABLE. */
  ready(): Promise<string>
  /** Runs it to its end and gives what it wrote. Rejects with the error its ending stands for. */
  call(words: readonly string[], ctx: Context): Promise<Answer>
  /** Runs it to its end and gives how it ended, good or bad. Rejects with the reason of an abort unless it ended well. */
  watch(words: readonly string[], options: WatchOptions, ctx: Context): Promise<Ending>
  /** What it writes; throws at the end when it did not end well. Leaving the iteration ends restic. */
  output(words: readonly string[], ctx: Context): AsyncGenerator<Buffer>
}

export interface Answer {
  stdout: string
  sayings: Sayings
}

export interface WatchOptions {
  /** Where it runs; the stack root unless given. */
  directory?: string
  /** Told of every line of JSON it writes. */
  onMessage?(message: Record<string, unknown>): void
  /**
   * Writes its stdin, which is ended when this resolves. When it rejects, restic is interrupted, so that it stores
   * nothing, and the call rejects with that error. `gone` is aborted when restic has ended: nobody reads any more.
   */
  feed?(stdin: Writable, gone: AbortSignal): Promise<void>
}

/** A call is waited for by somebody; a transfer rides out an outage as long as restic itself would. */
const patience = { call: 10_000, transfer: 15 * 60_000 }

export interface ResticOpening {
  program: string
  environment: Readonly<Record<string, string>>
  place: RepositoryPlace
  stackRoot: string
}

export function resticOn({ program, environment, place, stackRoot }: ResticOpening): Restic {
  // A cache of what lies on this machine costs space and saves nothing.
  const always = place.directory === undefined ? [] : ['--no-cache']
  let version: Promise<string> | undefined
  const ready = (): Promise<string> => {
    version ??= requireVersion(program, environment, stackRoot).catch((error: unknown) => {
      version = undefined
      throw error
    })
    return version
  }
  const start = async (
    words: readonly string[],
    how: { stdin: boolean; patience: number; directory?: string | undefined },
    ctx: Context,
  ): Promise<ResticProcess> => {
    ctx.signal.throwIfAborted()
    await ready()
    ctx.signal.throwIfAborted()
    const { directory = stackRoot, ...rest } = how
    return startRestic({ program, environment, words: [...words, ...always], directory, ...rest }, ctx)
  }

  return {
    place,
    ready,
    async call(words, ctx) {
      const process = await start(words, { stdin: false, patience: patience.call }, ctx)
      const stdout = await text(process.stdout)
      const ending = await process.ended
      ctx.signal.throwIfAborted()
      if (ending.exitCode !== 0) throw failure(ending, place)
      return { stdout, sayings: ending.sayings }
    },
    async watch(words, { directory, onMessage, feed }, ctx) {
      const process = await start(words, { stdin: feed !== undefined, patience: patience.transfer, directory }, ctx)
      const listening = listen(process, onMessage)
      const refusal = feed && (await fed(process, feed))
      await listening
      const ending = await process.ended
      if (refusal) throw refusal.error
      if (ending.exitCode !== 0) ctx.signal.throwIfAborted()
      return ending
    },
    async *output(words, ctx) {
      const process = await start(words, { stdin: false, patience: patience.transfer }, ctx)
      try {
        yield* process.stdout as AsyncIterable<Buffer>
        const ending = await process.ended
        ctx.signal.throwIfAborted()
        if (ending.exitCode !== 0) throw failure(ending, place)
      } finally {
        process.interrupt()
        await process.ended
      }
    },
  }
}

async function listen({ stdout }: ResticProcess, onMessage: WatchOptions['onMessage']): Promise<void> {
  for await (const line of createInterface({ input: stdout })) {
    if (line.startsWith('{')) onMessage?.(JSON.parse(line) as Record<string, unknown>)
  }
}

/** Feeds restic, and ends its stdin only when all has been written. Gives what kept it from that. */
async function fed(
  process: ResticProcess,
  feed: NonNullable<WatchOptions['feed']>,
): Promise<{ error: unknown } | undefined> {
  const gone = new AbortController()
  const over = (): void => gone.abort()
  process.ended.then(over, over)
  try {
    await feed(process.stdin, gone.signal)
    process.stdin.end()
    return undefined
  } catch (error) {
    process.interrupt()
    return { error }
  }
}
