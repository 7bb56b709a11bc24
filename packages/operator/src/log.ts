import { Writable } from 'node:stream'
import { type Logger, redact } from '@angee/core'
import { pino } from 'pino'
import type { OperationListener } from './operations/listener.ts'

/** A logger of JSON lines, with every known secret cut out of them. `write` is given whole lines. */
export function jsonLogger(write: (line: string) => void, level: 'debug' | 'info'): Logger {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      write(redact(chunk.toString()))
      done()
    },
  })
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const line =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}): void =>
      log[name](fields, message)
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** A line for each thing that happens to an operation, with who asked for it: the audit of all that changes something. */
export function loggingListener(logger: Logger): OperationListener {
  return {
    queued: ({ id, kind, input, requestedBy }) =>
      logger.info('operation requested', {
        operation: id,
        kind,
        token: requestedBy.token,
        by: requestedBy.name,
        input,
      }),
    started: ({ id, kind }) => logger.info('operation started', { operation: id, kind }),
    ended: ({ id, kind, state, warnings, error, startedAt, endedAt }) => {
      const seconds = startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : 0
      const fields = {
        operation: id,
        kind,
        state,
        seconds,
        warnings,
        ...(error ? { code: error.code, error: error.message } : {}),
      }
      if (state === 'succeeded') logger.info('operation ended', fields)
      else logger.warn('operation ended', fields)
    },
  }
}
