import { finished, type Readable, type Writable } from 'node:stream'
import type { Clock } from '@angee/core'

/** Watches the caller's stdin and gives it to the command once told to. */
export interface Input {
  begin(): void
  /** Ends the command's stdin and lets go of the caller's, which is left as it is. */
  release(): void
}

/**
 * Nothing is read before `begin`, so that a command that could not be started can be tried in another way. An error of
 * `source`, or its close before its end, goes to `onError`; that the command does not read on is no error.
 */
export function feed(source: Readable | undefined, stdin: Writable, onError: (error: Error) => void): Input {
  stdin.on('error', () => source?.unpipe(stdin)) // EPIPE: nobody reads any more
  // A late error of a stream nobody reads any more must not end the program.
  source?.on('error', () => undefined)
  const forget =
    source === undefined ? undefined : finished(source, { writable: false }, (error) => error && onError(error))
  return {
    begin: () => void source?.pipe(stdin),
    release() {
      forget?.()
      source?.unpipe(stdin)
      stdin.end()
    },
  }
}

export interface Output {
  /** Resolves when all of `stdout` was given to the caller's. */
  readonly delivered: Promise<void>
  /** Bytes given since the caller's stdout last made us wait for a second or more; undefined when it never did. */
  sinceStall(): number | undefined
  release(): void
}

const stall = 1_000

/** Gives `stdout` to `target` at the pace of `target`, which is never ended. Its error goes to `onError`. */
export function deliver(
  stdout: Readable,
  target: Writable | undefined,
  clock: Clock,
  onError: (error: Error) => void,
): Output {
  let sinceStall: number | undefined
  let waitingSince = 0
  const onDrain = () => {
    if (clock.now() - waitingSince >= stall) sinceStall = 0
    stdout.resume()
  }
  const forget =
    target === undefined ? undefined : finished(target, { readable: false }, (error) => error && onError(error))
  target?.on('drain', onDrain)
  stdout.on('data', (chunk: Buffer) => {
    if (sinceStall !== undefined) sinceStall += chunk.length
    if (target === undefined || target.write(chunk)) return
    waitingSince = clock.now()
    stdout.pause()
  })
  return {
    delivered: new Promise((done) => stdout.once('end', done)),
    sinceStall: () => sinceStall,
    release() {
      forget?.()
      target?.off('drain', onDrain)
      stdout.removeAllListeners('data')
      stdout.resume()
    },
  }
}

/** Keeps the last `limit` bytes of a stream, and never more memory than twice that. */
export function tailOf(stream: Readable, limit: number): () => string {
  let kept: Buffer[] = []
  let size = 0
  const last = () => Buffer.concat(kept).subarray(-limit)
  stream.on('data', (chunk: Buffer) => {
    kept.push(chunk)
    size += chunk.length
    if (size <= 2 * limit) return
    // Copied, so that the large chunks it was cut from can be freed.
    kept = [Buffer.from(last())]
    size = limit
  })
  return () => wholeCharacters(last()).toString()
}

/** Without the bytes of a character whose beginning was cut off: decoded, they would take more room than before. */
function wholeCharacters(bytes: Buffer): Buffer {
  let start = 0
  while (start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.subarray(start)
}
