import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, Context, Logger, ProgressEvent } from '@angee/core'
import { pseudoRandomBytes } from '../streams/index.ts'

export interface TestContextOptions {
  /** Never aborts unless given. */
  signal?: AbortSignal
  /** The machine's own clock unless given; {@link fakeClock} makes one to turn by hand. */
  clock?: Clock
  /** Makes `random` repeat itself from run to run. Without it, every context draws its own bytes. */
  seed?: number
}

/** A context that remembers what it was told. */
export interface TestContext extends Context {
  readonly progress: ProgressEvent[]
  readonly logs: LogLine[]
}

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields?: Record<string, unknown>
}

/** A context for tests: it records progress events and log lines in the order they came. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const progress: ProgressEvent[] = []
  const logs: LogLine[] = []
  return {
    signal: options.signal ?? new AbortController().signal,
    clock: options.clock ?? machineClock,
    random: options.seed === undefined ? (bytes) => crypto.getRandomValues(bytes) : repeatable(options.seed),
    logger: recordingLogger(logs),
    onProgress: (event) => void progress.push(event),
    progress,
    logs,
  }
}

const machineClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}

function repeatable(seed: number): Context['random'] {
  let draws = 0
  return (bytes) => {
    draws += 1
    bytes.set(pseudoRandomBytes(seed * 7919 + draws, bytes.length))
    return bytes
  }
}

function recordingLogger(logs: LogLine[]): Logger {
  const record = (level: LogLine['level']) => (message: string, fields?: Record<string, unknown>) => {
    logs.push(fields === undefined ? { level, message } : { level, message, fields })
  }
  return { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
}
