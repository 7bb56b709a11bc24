import type { WriteStream } from 'node:tty'

const guarded = new Set<WriteStream>()

/** Writes to stdout. */
export function writeOut(text: string): void {
  guard(process.stdout).write(text)
}

/** Writes to stderr. */
export function writeErr(text: string): void {
  guard(process.stderr).write(text)
}

/**
 * Makes a reader that went away (`angee … | head`) harmless: the work goes on and its exit code stands. Any other
 * failure to write, such as a full disk behind a redirection, ends the process with 1, for its output is incomplete.
 */
export function guard(stream: WriteStream): WriteStream {
  if (guarded.has(stream)) return stream
  guarded.add(stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') return
    if (stream === process.stdout) process.stderr.write(`error: stdout cannot be written: ${error.message}\n`)
    process.exit(1)
  })
  return stream
}
