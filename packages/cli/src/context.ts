import { getRandomValues } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Context, Logger, ProgressEvent } from '@angee/core'
import { redact } from '@angee/core/errors'
import { plainText } from './output/style.ts'
import type { Surface } from './surface.ts'

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await sleep(milliseconds, undefined, { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

/** The real clock, real randomness, and a logger to stderr: what every operation of this process is given. */
export function newContext(surface: Surface, signal: AbortSignal, onProgress: (event: ProgressEvent) => void): Context {
  return { signal, clock, random: (bytes) => getRandomValues(bytes), logger: loggerFor(surface), onProgress }
}

/** Warnings and errors always, the rest with ANGEE_DEBUG=1. */
function loggerFor(surface: Surface): Logger {
  const line =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      const details = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
      surface.err(`${level}: ${plainText(redact(message + details))}\n`)
    }
  const debugging = (level: string): Logger['debug'] => (surface.debug ? line(level) : () => undefined)
  return { debug: debugging('debug'), info: debugging('info'), warn: line('warning'), error: line('error') }
}
