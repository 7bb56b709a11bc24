import { AngeeError, type ErrorCode, isAngeeError, redact } from '@angee/core'
import { type Failure, failureOf, isTransient, isUnreachable } from './failure.ts'

/** Whether a call changes what is stored: decides what a missing permission means. */
export type Access = 'read' | 'write'

const wrongCredential = [
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'InvalidClientTokenId',
  'TokenRefreshRequired',
  'RequestTimeTooSkewed',
  'NotSignedUp',
  'AccountProblem',
  'XAdminUserNotFound',
  'CredentialsProviderError',
  'TokenProviderError',
]
const full = ['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']
const wrongRegion = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']

/**
 * What a request failed with, as an AngeeError that names the call's purpose and the place. Its cause has the server's
 * words alone: the SDK's own error would carry the request, with headers, along.
 */
export function storeError(error: unknown, purpose: string, location: string, access: Access): AngeeError {
  if (isAngeeError(error)) return error
  const failure = failureOf(error)
  const { name, message, status, requestId } = failure
  const code = codeOf(failure, access)
  const words = message === '' || message === 'UnknownError' || message === name ? name : `${name}: ${message}`
  const answered = status === undefined ? words : `${words} (HTTP ${status})`
  return new AngeeError(code, `cannot ${purpose} in ${location}: ${answered}`, {
    hint: hintFor(code, failure, location),
    context: {
      location,
      answer: name,
      ...(status === undefined ? {} : { status }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    cause: new Error(redact(answered)),
    retry: isTransient(failure) || code === 'SPACE_INSUFFICIENT' ? 'later' : 'never',
  })
}

/** Whether an error is that of a server which answered with this status. */
export function answered(error: unknown, status: number): error is AngeeError {
  return isAngeeError(error) && error.context['status'] === status
}

/** Whether an error is that of a server which answered with one of these codes. */
export function answeredWith(error: unknown, ...names: string[]): error is AngeeError {
  return isAngeeError(error) && names.includes(String(error.context['answer']))
}

function codeOf(failure: Failure, access: Access): ErrorCode {
  const { name, message, status } = failure
  if (wrongCredential.includes(name)) return 'CREDENTIAL_WRONG'
  if (name === 'NoSuchBucket') return 'REPOSITORY_NOT_FOUND'
  if (wrongRegion.includes(name) || /region is missing/i.test(message)) return 'BACKEND_OPTIONS_INVALID'
  if (full.includes(name) || status === 507) return 'SPACE_INSUFFICIENT'
  if (status === 401) return 'CREDENTIAL_WRONG'
  // Whoever may not read has the wrong credential; whoever may read, but not write, has one for reading.
  if (status === 403) return access === 'write' ? 'BACKEND_READ_ONLY' : 'CREDENTIAL_WRONG'
  if (status === undefined) return isUnreachable(failure) || isTls(failure) ? 'BACKEND_UNAVAILABLE' : 'BACKEND_FAILED'
  return status === 429 || status === 503 || status === 502 || status === 504 ? 'BACKEND_UNAVAILABLE' : 'BACKEND_FAILED'
}

function hintFor(code: ErrorCode, failure: Failure, location: string): string {
  if (failure.name === 'RequestTimeTooSkewed') return 'Set the clock of this machine right.'
  if (failure.name === 'CredentialsProviderError')
    return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or name a profile in the backend's options."
  if (isTls(failure)) return "Name the authority of its certificate in the backend's ca_file."
  if (failure.status === 501)
    return "The server lacks this. One that refuses checksums needs checksums: when_required among the backend's options."
  return hints[code]?.(location) ?? `Look at the server's own log about ${location}, then try again.`
}

const hints: Partial<Record<ErrorCode, (location: string) => string>> = {
  CREDENTIAL_WRONG: (location) => `Check the credential, and that it may list and read ${location}.`,
  BACKEND_READ_ONLY: (location) => `Give the credential the permissions to put and delete objects in ${location}.`,
  REPOSITORY_NOT_FOUND: () => "Check the backend's bucket and endpoint, or make the bucket.",
  BACKEND_OPTIONS_INVALID: () => "Set the backend's region to that of the bucket.",
  BACKEND_UNAVAILABLE: () => "Check the network and the backend's endpoint, then try again.",
  SPACE_INSUFFICIENT: () => 'Free space there, remove old snapshots, or raise the quota.',
}

function isTls({ systemCode = '' }: Failure): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL/.test(systemCode)
}
