import { AngeeError, isAngeeError } from '@angee/core/errors'
import { plainText, type Style } from './style.ts'

/** An error as a program reads it: the last line of an operation that failed. */
export interface ErrorDocument {
  type: 'error'
  code: string
  message: string
  hint?: string
  context: Record<string, unknown>
  exitCode: number
}

/** What went wrong, as data. */
export function errorDocument(error: unknown): ErrorDocument {
  const { code, message, hint, context, exitCode } = known(error)
  return { type: 'error', code, message, ...(hint === undefined ? {} : { hint }), context, exitCode }
}

/**
 * What went wrong, for a person: the error, the next step, the code to search for. With `debug` also the stack of the
 * error and of its causes.
 */
export function formatError(error: unknown, style: Style, debug: boolean): string {
  const { code, message, hint } = known(error)
  const lines = [`${style.bad('error:')} ${plainText(message)}`]
  if (hint !== undefined) lines.push(`${style.bold('hint:')} ${plainText(hint)}`)
  lines.push(style.dim(`(${code})`))
  if (debug) lines.push(...stacks(error).map((stack) => style.dim(plainText(stack))))
  return `${lines.join('\n')}\n`
}

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  return known(error).exitCode
}

/** Anything thrown as an AngeeError. What is neither ours nor the operating system's is a bug of this program. */
function known(error: unknown): AngeeError {
  if (isAngeeError(error)) return error.code === 'INTERNAL' ? bug(error.message, error) : error
  const message = error instanceof Error ? error.message : String(error)
  if (isSystemError(error)) {
    return new AngeeError('INTERNAL', message, {
      hint: systemHint(error),
      context: { errno: error.code },
      cause: error,
    })
  }
  return bug(message, error)
}

function bug(message: string, cause: unknown): AngeeError {
  return new AngeeError('INTERNAL', `${message || 'something unexpected happened'}. This is a bug in angee.`, {
    hint: 'Run the command again with ANGEE_DEBUG=1 and report what it prints.',
    cause,
  })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

function systemHint({ code }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM') return 'Run as the user the file belongs to, or change its permissions.'
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full. Free some space and run again.'
  if (code === 'EROFS') return 'The file system is read-only. Remount it writable and run again.'
  return 'The operating system refused. See what the message names, then run again; ANGEE_DEBUG=1 shows more.'
}

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  return [error.stack ?? error.message, ...stacks(error.cause).map((stack) => `caused by ${stack}`)]
}
