import { type ErrorCode, errorCodes } from './codes.ts'
import { redact } from './redact.ts'

const brand = Symbol.for('angee.error')

/** Whether the same call may succeed when made again: never as it is, later when the world has changed, or at once. */
export type Retry = 'never' | 'later' | 'now'

export interface AngeeErrorDetails {
  /** What the person should do now: one sentence that names a command, a key or a path. */
  hint?: string
  /** Structured facts for machines; values the registry of secrets knows are redacted. */
  context?: Record<string, unknown>
  cause?: unknown
  retry?: Retry
}

/**
 * The one error class. `message` names the thing and the value, `hint` the next step, `code` is stable.
 * Secrets registered with {@link registerSecret} are cut out of all of them when the error is made.
 */
export class AngeeError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly context: Record<string, unknown>
  readonly retry: Retry

  constructor(code: ErrorCode, message: string, details: AngeeErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'AngeeError'
    this.code = code
    this.hint = details.hint === undefined ? undefined : redact(details.hint)
    this.context = redactValues(details.context ?? {})
    this.retry = details.retry ?? 'never'
    Object.defineProperty(this, brand, { value: true })
  }

  get exitCode(): number {
    return errorCodes[this.code].exit
  }

  get httpStatus(): number {
    return errorCodes[this.code].http
  }
}

/** True for an AngeeError of any copy of this package (a plugin may bring its own). With `code`, only for that one. */
export function isAngeeError(error: unknown, code?: ErrorCode): error is AngeeError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as { code?: unknown }).code === code
}

/** Returns an AngeeError as it is and wraps anything else as `fallback`, keeping the cause. */
export function toAngeeError(error: unknown, fallback: ErrorCode = 'INTERNAL', message?: string): AngeeError {
  if (isAngeeError(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  return new AngeeError(fallback, message === undefined ? text : `${message}: ${text}`, { cause: error })
}

function redactValues(context: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  )
}
