/** What the SDK throws: an answer of the server that is an error, or a failure to reach it. */
export interface Failure {
  name: string
  message: string
  /** HTTP status, where the server answered. */
  status: number | undefined
  /** The code of a failed system call or TLS check. */
  systemCode: string | undefined
  requestId: string | undefined
}

/** Reads the fields of whatever was thrown. */
export function failureOf(error: unknown): Failure {
  const thrown = error as Partial<Error> & {
    code?: unknown
    Code?: unknown
    $metadata?: { httpStatusCode?: number; requestId?: string }
  }
  const status = thrown.$metadata?.httpStatusCode
  const code = [thrown.Code, thrown.code].find((one) => typeof one === 'string') as string | undefined
  const name = thrown.name ?? 'Error'
  // Without a body, or with one that is no XML, the SDK has no better name than the status.
  const isNameless = name === 'Error' || /^\d+$|^Unknown/.test(name)
  return {
    name: isNameless ? (code ?? name) : name,
    message: thrown.message ?? String(error),
    status,
    systemCode: status === undefined ? code : undefined,
    requestId: thrown.$metadata?.requestId,
  }
}

/** Answers that may be others the next time, whatever their status. */
const transientNames = [
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestThrottled',
  'TooManyRequests',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'ConditionalRequestConflict',
  // versitygw, when it loses a directory of the key to a delete beside it: no key of ours is the beginning of another.
  'ExistingObjectIsDirectory',
  // The bytes were damaged or cut on the way; the ones here are whole.
  'BadDigest',
  'InvalidDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]

const unreachableCodes = [
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ERR_STREAM_PREMATURE_CLOSE',
]

/** Whether the same request may succeed when it is made again soon. */
export function isTransient(failure: Failure): boolean {
  const { name, status } = failure
  if (transientNames.includes(name)) return true
  if (status === undefined) return isUnreachable(failure)
  // An error in an answer of success is one that was cut or mixed up.
  return status < 300 || status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 507)
}

/** Whether no whole answer came. A proxy that breaks off within a header makes the parser fail (HPE_…). */
export function isUnreachable(failure: Failure): boolean {
  const { systemCode = '' } = failure
  return isTimeout(failure) || unreachableCodes.includes(systemCode) || systemCode.startsWith('HPE_')
}

/** Whether nothing was heard for as long as was waited. The SDK gives a broken connection the same name. */
export function isTimeout({ name, status, systemCode }: Failure): boolean {
  return name === 'TimeoutError' && status === undefined && systemCode !== 'ECONNRESET' && systemCode !== 'EPIPE'
}
