import { AngeeError, type ErrorCode, isAngeeError } from '@angee/core'

const codes: Record<string, ErrorCode> = {
  ENOSPC: 'SPACE_INSUFFICIENT',
  EDQUOT: 'SPACE_INSUFFICIENT',
  EROFS: 'BACKEND_READ_ONLY',
  EACCES: 'BACKEND_READ_ONLY',
  EPERM: 'BACKEND_READ_ONLY',
}

const hints: Partial<Record<ErrorCode, (directory: string) => string>> = {
  SPACE_INSUFFICIENT: (directory) =>
    `Free space on the file system of ${directory}, remove old snapshots, or set the backend's path to a larger disk.`,
  BACKEND_READ_ONLY: (directory) =>
    `Check that ${directory} belongs to this user and that its file system is mounted for writing.`,
  BACKEND_UNAVAILABLE: (directory) => `Check that the disk of ${directory} is connected and that it is a directory.`,
  BACKEND_FAILED: (directory) => `Check the disk and the file system of ${directory}, then try again.`,
}

/**
 * What the file system refused, as an AngeeError that names the call's purpose and the directory.
 * `reading` decides what a missing permission means: a store that cannot be read is unavailable, not read-only.
 */
export function storeError(error: unknown, purpose: string, directory: string, reading = false): AngeeError {
  if (isAngeeError(error)) return error
  const { code: systemCode = '', message } = error as NodeJS.ErrnoException
  const code = reading ? readingCode(systemCode) : (codes[systemCode] ?? unreachableCode(systemCode))
  return new AngeeError(code, `cannot ${purpose} in ${directory}: ${message}`, {
    hint: hints[code]?.(directory) ?? '',
    context: { directory, systemCode },
    cause: error,
    retry: code === 'BACKEND_FAILED' ? 'never' : 'later',
  })
}

function readingCode(systemCode: string): ErrorCode {
  return systemCode === 'EACCES' || systemCode === 'EPERM' ? 'BACKEND_UNAVAILABLE' : unreachableCode(systemCode)
}

function unreachableCode(systemCode: string): ErrorCode {
  const unreachable = ['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO', 'ENOTCONN', 'ESTALE', 'EHOSTDOWN', 'ETIMEDOUT']
  return unreachable.includes(systemCode) ? 'BACKEND_UNAVAILABLE' : 'BACKEND_FAILED'
}

/** Whether a file system call failed because nothing is there: no file, or a file where a directory should be. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Whether a file system call failed with one of these codes. */
export function hasCode(error: unknown, ...expected: string[]): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && expected.includes(code)
}
