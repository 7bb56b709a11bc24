import type { Readable, Writable } from 'node:stream'
import type { HookCommand } from '@angee/core'

/** What a simulated command sees of its world. */
export interface FakeProcess {
  readonly command: HookCommand
  readonly stdin: Readable
  /** Write to it; it is ended for the program. Errors of the caller's stdout end the program by `signal`. */
  readonly stdout: Writable
  /** Writes to stderr. */
  stderr(text: string): void
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly workdir: string
  /** Aborts when the process has to end. A program that waits for something MUST stop waiting then. */
  readonly signal: AbortSignal
}

/** How a simulated process ended: its exit code, or the signal that ended it. */
export type FakeEnd = number | { signal: string }

/** A simulated command. A rejection counts as exit code 1, with the error's message on stderr. */
export type FakeProgram = (process: FakeProcess) => FakeEnd | Promise<FakeEnd>
