import { finished, PassThrough, Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context, ExecResult, ExecStreams } from '@angee/core'
import type { FakeEnd, FakeProcess, FakeProgram } from './program.ts'

const stderrLimit = 64 * 1024

/** Runs a simulated command with the promises of `Runtime.exec`. */
export async function runProgram(
  program: FakeProgram,
  world: Pick<FakeProcess, 'command' | 'env' | 'user' | 'workdir'>,
  io: ExecStreams,
  ctx: Context,
): Promise<ExecResult> {
  ctx.signal.throwIfAborted()
  const ending = new AbortController()
  const broken = Promise.withResolvers<never>()
  const stderr = tail()
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const onAbort = () => broken.reject(ctx.signal.reason)
  ctx.signal.addEventListener('abort', onAbort, { once: true })
  const releaseInput = feed(io.stdin ?? Readable.from([]), stdin, broken.reject)
  const delivered = deliver(stdout, io, broken.reject)

  const end = simulate(program, { ...world, stdin, stdout, stderr: stderr.add, signal: ending.signal }, stderr.add)
  try {
    const how = await Promise.race([end, broken.promise])
    stdout.end()
    await Promise.race([delivered, broken.promise])
    const result = typeof how === 'number' ? { exitCode: how, signal: null } : { exitCode: null, signal: how.signal }
    return { ...result, stderrTail: stderr.text() }
  } catch (error) {
    ending.abort(error)
    stdin.destroy()
    await end
    throw error
  } finally {
    ctx.signal.removeEventListener('abort', onAbort)
    releaseInput()
    stdout.destroy()
  }
}

async function simulate(program: FakeProgram, process: FakeProcess, say: (text: string) => void): Promise<FakeEnd> {
  await nextTurn()
  try {
    return await program(process)
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

/** Gives the caller's stdin to the program; what the program leaves is discarded. */
function feed(source: Readable, stdin: PassThrough, onError: (error: Error) => void): () => void {
  const forget = finished(source, { writable: false }, (error) => error && onError(error))
  source.pipe(stdin)
  stdin.on('error', () => undefined)
  return () => {
    forget()
    source.unpipe(stdin)
    source.on('error', () => undefined)
    source.destroy()
    stdin.destroy()
  }
}

/** Resolves when everything was given to the caller's stdout, which is never ended. */
function deliver(stdout: PassThrough, io: ExecStreams, onError: (error: Error) => void): Promise<void> {
  const target = io.stdout
  const done = new Promise<void>((resolve) => stdout.once('end', resolve))
  if (target === undefined) stdout.resume()
  else {
    const forget = finished(target, { readable: false }, (error) => error && onError(error))
    stdout.once('close', forget)
    stdout.pipe(target, { end: false })
  }
  stdout.on('error', () => undefined)
  return done
}

function tail() {
  let kept = Buffer.alloc(0)
  return {
    add: (text: string) => {
      kept = Buffer.concat([kept, Buffer.from(text)]).subarray(-stderrLimit)
    },
    text: () => kept.toString(),
  }
}
