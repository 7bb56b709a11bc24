import { finished, type Readable, type Writable } from 'node:stream'
import type { Context, HookCommand } from '@angee/core'
import { AngeeError } from '@angee/core'

/** One direction between the caller's stream and the process. */
export interface Pipe {
  /** Takes our listeners off the caller's stream and ends our own end of the pipe. */
  release(): void
}

export interface OutputPipe extends Pipe {
  readonly ended: Promise<void>
  /** Bytes so far, and whether the caller's stream asks us to wait. */
  progress(): { bytes: number; held: boolean }
}

/** Milliseconds without a byte after which a pipe that outlives its process is given up. */
const idle = 5_000

/**
 * Gives `source` to the process. An error of `source`, or its end before its time, goes to `onError`; that the process
 * does not read on is no error. What was not read is discarded with `source` when released.
 */
export function feed(source: Readable | undefined, stdin: Writable | null, onError: (error: Error) => void): Pipe {
  if (source === undefined || stdin === null) return { release: () => undefined }
  stdin.on('error', () => source.unpipe(stdin)) // EPIPE: the process has read enough
  const forget = finished(source, { writable: false }, (error) => error && onError(error))
  source.pipe(stdin)
  return {
    release() {
      forget()
      source.unpipe(stdin)
      stdin.destroy()
      // A late error of a stream nobody reads any more must not end the program.
      source.on('error', () => undefined)
      source.destroy()
    },
  }
}

/** Gives the output of the process to `target` at its pace, and never ends it. An error of `target` goes to `onError`. */
export function deliver(
  stdout: Readable | null,
  target: Writable | undefined,
  onError: (error: Error) => void,
): OutputPipe {
  if (target === undefined || stdout === null) {
    return { ended: Promise.resolve(), progress: () => ({ bytes: 0, held: false }), release: () => undefined }
  }
  let bytes = 0
  stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  const forget = finished(target, { readable: false }, (error) => error && onError(error))
  const ended = new Promise<void>((done) => stdout.once('end', done))
  stdout.pipe(target, { end: false })
  return {
    ended,
    progress: () => ({ bytes, held: target.writableNeedDrain }),
    release() {
      forget()
      stdout.unpipe(target)
      stdout.destroy()
    },
  }
}

/**
 * Waits, after the process has ended, until its output is delivered. Something it left running may hold the pipe open
 * for ever: after five seconds without a byte that is RUNTIME_FAILED, because nobody can tell whether all has come.
 */
export async function waitForOutput(
  stdout: OutputPipe,
  stderr: Readable | null,
  command: HookCommand,
  ctx: Context,
): Promise<void> {
  let before = stdout.progress().bytes
  while (!(await endsWithin(stdout.ended, idle, ctx))) {
    const { bytes, held } = stdout.progress()
    if (bytes === before && !held) throw heldOpen(command)
    before = bytes
  }
  // stderr is for reading, not for keeping: a second is enough to have its end.
  if (stderr !== null && !stderr.readableEnded) {
    await endsWithin(new Promise((done) => stderr.once('end', done)), 1_000, ctx)
  }
}

async function endsWithin(end: Promise<unknown>, milliseconds: number, ctx: Context): Promise<boolean> {
  const over = new AbortController()
  const slept = ctx.clock.sleep(milliseconds, over.signal).then(
    () => false,
    () => false,
  )
  const ended = await Promise.race([end.then(() => true), slept])
  over.abort(new Error('waited long enough'))
  return ended
}

function heldOpen(command: HookCommand): AngeeError {
  const shown = typeof command === 'string' ? command : command.join(' ')
  return new AngeeError('RUNTIME_FAILED', `a process left behind holds the output of this command open: ${shown}`, {
    hint: 'Let the command wait for what it starts, or redirect the output of what it leaves running.',
    retry: 'never',
  })
}
