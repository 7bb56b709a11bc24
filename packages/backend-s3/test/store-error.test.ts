import { describe, expect, it } from 'vitest'
import { failureOf, isTransient } from '../src/store/failure.ts'
import { storeError } from '../src/store/store-error.ts'

/** What the SDK throws where the server answered so. */
const answer = (status: number, name: string) =>
  Object.assign(new Error('words of the server'), { name, $metadata: { httpStatusCode: status } })
const call = (code: string) => Object.assign(new Error(`connect ${code}`), { code, $metadata: { attempts: 1 } })

const cases: [string, Error, 'read' | 'write', string, boolean][] = [
  ['wrong key', answer(403, 'InvalidAccessKeyId'), 'write', 'CREDENTIAL_WRONG', false],
  ['wrong key, as versitygw says it', answer(404, 'XAdminUserNotFound'), 'read', 'CREDENTIAL_WRONG', false],
  ['wrong signature', answer(403, 'SignatureDoesNotMatch'), 'write', 'CREDENTIAL_WRONG', false],
  ['expired', answer(400, 'ExpiredToken'), 'read', 'CREDENTIAL_WRONG', false],
  ['wrong clock', answer(403, 'RequestTimeTooSkewed'), 'read', 'CREDENTIAL_WRONG', true],
  [
    'no credential',
    Object.assign(new Error('none'), { name: 'CredentialsProviderError' }),
    'read',
    'CREDENTIAL_WRONG',
    false,
  ],
  ['may not read', answer(403, 'AccessDenied'), 'read', 'CREDENTIAL_WRONG', false],
  ['may not write', answer(403, 'AccessDenied'), 'write', 'BACKEND_READ_ONLY', false],
  ['no bucket', answer(404, 'NoSuchBucket'), 'write', 'REPOSITORY_NOT_FOUND', false],
  ['another region', answer(301, 'PermanentRedirect'), 'read', 'BACKEND_OPTIONS_INVALID', false],
  ['no region', new Error('Region is missing'), 'read', 'BACKEND_OPTIONS_INVALID', false],
  ['quota', answer(403, 'QuotaExceeded'), 'write', 'SPACE_INSUFFICIENT', false],
  ['full', answer(507, 'InsufficientStorage'), 'write', 'SPACE_INSUFFICIENT', false],
  ['too many requests', answer(503, 'SlowDown'), 'write', 'BACKEND_UNAVAILABLE', true],
  ['throttled', answer(429, 'TooManyRequests'), 'read', 'BACKEND_UNAVAILABLE', true],
  ['bad gateway', answer(502, 'Unknown'), 'read', 'BACKEND_UNAVAILABLE', true],
  ['server error', answer(500, 'InternalError'), 'write', 'BACKEND_FAILED', true],
  ['error within an answer of success', answer(200, 'SyntaxError'), 'write', 'BACKEND_FAILED', true],
  ['damaged on the way', answer(400, 'BadDigest'), 'write', 'BACKEND_FAILED', true],
  ['not implemented', answer(501, 'NotImplemented'), 'write', 'BACKEND_FAILED', false],
  ['bad request', answer(400, 'InvalidArgument'), 'write', 'BACKEND_FAILED', false],
  ['refused connection', call('ECONNREFUSED'), 'read', 'BACKEND_UNAVAILABLE', true],
  ['broken connection', call('ECONNRESET'), 'write', 'BACKEND_UNAVAILABLE', true],
  ['unknown host', call('ENOTFOUND'), 'read', 'BACKEND_UNAVAILABLE', true],
  [
    'nothing heard',
    Object.assign(new Error('timed out'), { name: 'TimeoutError' }),
    'read',
    'BACKEND_UNAVAILABLE',
    true,
  ],
  ['unknown authority', call('SELF_SIGNED_CERT_IN_CHAIN'), 'read', 'BACKEND_UNAVAILABLE', false],
  ['a fault of ours', new TypeError('x is not a function'), 'read', 'BACKEND_FAILED', false],
]

describe('what a request failed with', () => {
  it.each(cases)('%s', (_, error, access, code, transient) => {
    const made = storeError(error, 'store a', 's3://acme', access)
    expect(made.code).toBe(code)
    expect(made.message).toContain('cannot store a in s3://acme: ')
    expect(made.hint).toBeTruthy()
    expect(isTransient(failureOf(error))).toBe(transient)
  })

  it('carries nothing of the request along', () => {
    const error = Object.assign(answer(403, 'AccessDenied'), { $response: { headers: { authorization: 'canary' } } })
    const made = storeError(error, 'store a', 's3://acme', 'write')
    expect(JSON.stringify([made.context, Object.entries(made.cause as Error)])).not.toContain('canary')
    expect(made.context).toMatchObject({ status: 403, answer: 'AccessDenied' })
  })
})
