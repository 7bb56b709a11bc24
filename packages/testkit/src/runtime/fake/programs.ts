import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { FakeProcess, FakeProgram } from './program.ts'

/** Writes the bytes to stdout, a chunk at a time, then ends with `code`. */
export function emits(bytes: Uint8Array | (() => Uint8Array), code = 0): FakeProgram {
  return async (process) => {
    const content = typeof bytes === 'function' ? bytes() : bytes
    for (let start = 0; start < content.length; start += chunk) {
      await write(process, content.subarray(start, start + chunk))
    }
    return code
  }
}

/** Reads stdin to its end, hands all of it to `take`, and ends with 0. */
export function takes(take: (bytes: Buffer) => void | Promise<void>): FakeProgram {
  return async ({ stdin }) => {
    const chunks: Buffer[] = []
    for await (const part of stdin) chunks.push(part)
    await take(Buffer.concat(chunks))
    return 0
  }
}

/** Says something on stderr and ends with `code`; reads nothing, writes nothing. */
export function exits(code: number, stderr = ''): FakeProgram {
  return (process) => {
    process.stderr(stderr)
    return code
  }
}

/** Writes the bytes and then does nothing until it is ended: for timeouts and cancellation. */
export function hangs(bytes: Uint8Array = new Uint8Array()): FakeProgram {
  return async (process) => {
    if (bytes.length > 0) await write(process, bytes)
    await ended(process.signal)
    return { signal: 'SIGTERM' }
  }
}

/** Writes the bytes and is then killed, as a process is whose container stops in the middle of a dump. */
export function isKilledAfter(bytes: Uint8Array, signal = 'SIGKILL'): FakeProgram {
  return async (process) => {
    await write(process, bytes)
    return { signal }
  }
}

/** Writes to stderr until it is ended. */
export function floodsStderr(line = 'a line of the flood\n'): FakeProgram {
  return async (process) => {
    while (!process.signal.aborted) {
      process.stderr(line.repeat(1000))
      await wait(1)
    }
    return { signal: 'SIGTERM' }
  }
}

const chunk = 64 * 1024

/** Writes and waits until the reader wants more. */
export async function write({ stdout, signal }: FakeProcess, bytes: Uint8Array): Promise<void> {
  if (!stdout.write(bytes)) await once(stdout, 'drain', { signal })
}

/** Resolves when the signal aborts. */
export async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
