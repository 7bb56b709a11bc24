/** Where time comes from. Tests pass one they can turn by hand. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Resolves after `milliseconds`; rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** Fills `bytes` with unpredictable bytes and returns it. */
export type Random = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** What went less than perfectly, and about which part. A warning never hides a failure. */
export interface Warning {
  part: string
  /** Stable word for machines, e.g. `changed-while-read`, `not-kept`, `vanished`. */
  kind: 'changed-while-read' | 'not-kept' | 'vanished' | 'set-aside' | 'unverified'
  message: string
  /** Path inside the part, as UTF-8 with invalid bytes shown as \xNN. */
  path?: string
}

/** Progress of one operation. `bytes` and `entries` are totals so far, never steps. */
export type ProgressEvent =
  | { type: 'phase'; phase: string; message: string }
  | {
      type: 'part'
      part: string
      state: 'started' | 'progress' | 'done' | 'failed' | 'skipped'
      bytes: number
      totalBytes?: number
      entries?: number
      message?: string
    }
  | { type: 'warning'; warning: Warning }
  | { type: 'note'; message: string }

/** What every long call is given: how to be stopped, where to log, what time it is, whom to tell. */
export interface Context {
  /** Aborted when the operation must end. Implementations MUST stop promptly and reject with `signal.reason`. */
  signal: AbortSignal
  logger: Logger
  clock: Clock
  random: Random
  /** May be called from any depth, at any rate; it MUST NOT throw and is never awaited. */
  onProgress(event: ProgressEvent): void
}
