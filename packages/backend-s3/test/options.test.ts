import { treeTools } from '@angee/archive'
import { backendDescriptor, isAngeeError, parseOptions, redact } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import s3 from '../src/index.ts'

const parse = (given: Record<string, unknown>) => parseOptions(s3.options, given, 'backup_backend')
const open = (given: Record<string, unknown>) =>
  s3.open({ options: parse(given), stackRoot: '/srv/stack', trees: treeTools }, testContext())

describe('the options', () => {
  it('need a bucket alone', () => {
    expect(parse({ bucket: 'acme-backups' })).toEqual({
      bucket: 'acme-backups',
      checksums: 'when_supported',
      concurrency: 4,
      timeout: 60,
    })
  })

  it.each([
    [{}, 'backup_backend.bucket: write the name of a bucket'],
    [{ bucket: 's3://acme' }, 'backup_backend.bucket: write the name of a bucket alone'],
    [{ bucket: 'acme/stack' }, 'a path inside it goes under prefix'],
    [{ prefix: '/stack' }, 'backup_backend.prefix: write a path without slashes'],
    [{ prefix: 'stack/' }, 'backup_backend.prefix: write a path without slashes'],
    [{ prefix: 'a/../b' }, 'backup_backend.prefix: write a path'],
    [{ endpoint: 's3.example.com' }, 'backup_backend.endpoint: write the address'],
    [{ endpoint: 'ftp://s3.example.com' }, 'backup_backend.endpoint: write the address'],
    [{ endpoint: 'https://user:hunter22@s3.example.com' }, 'backup_backend.endpoint: an address holds no user'],
    [{ access_key_id: 'AKIAEXAMPLE' }, 'access_key_id and secret_access_key go together'],
    [{ session_token: 'sessiontoken' }, 'access_key_id and secret_access_key go together'],
    [{ profile: 'p', access_key_id: 'AKIAEXAMPLE', secret_access_key: 'secretkey' }, 'write either profile or'],
    [{ kms_key_id: 'key' }, 'kms_key_id needs server_side_encryption'],
    [{ storage_class: 'DEEP_ARCHIVE' }, 'backup_backend.storage_class: objects of that class cannot be read at once'],
    [{ object_lock: { mode: 'forever', days: 1 } }, 'backup_backend.object_lock.mode: write "governance"'],
    [{ object_lock: { mode: 'governance', days: 0 } }, 'backup_backend.object_lock.days: write a number of days'],
    [{ concurrency: 0 }, 'backup_backend.concurrency: write a whole number from 1 to 64'],
    [{ checksums: 'never' }, 'backup_backend.checksums: write "when_supported" or'],
    [{ buckt: 'x' }, 'backup_backend: s3 knows no "buckt"'],
  ])('refuse %j', (changes, message) => {
    const given = 'bucket' in changes || Object.keys(changes).length === 0 ? changes : { bucket: 'acme', ...changes }
    const refusal = (() => {
      try {
        return parse(given)
      } catch (error) {
        return error
      }
    })()
    expect(isAngeeError(refusal, 'BACKEND_OPTIONS_INVALID') && refusal.message).toContain(message)
    expect(String(refusal)).not.toContain('hunter22')
  })

  it('mark the credential as secret', () => {
    const credential = {
      access_key_id: 'AKIAOFTHETEST',
      secret_access_key: 'secretofthetest',
      session_token: 'tokenofthetest',
    }
    parse({ bucket: 'acme', ...credential })
    expect(redact(Object.values(credential).join(' '))).toBe('[redacted] [redacted] [redacted]')
  })
})

describe('the descriptor', () => {
  it('is registered by the register entry', async () => {
    await import('../src/register.ts')
    expect(backendDescriptor('s3')).toBe(s3)
  })

  it.each([
    [{ bucket: 'acme' }, 's3://acme'],
    [{ bucket: 'acme', prefix: 'backups/stack' }, 's3://acme/backups/stack'],
    [{ bucket: 'acme', endpoint: 'https://s3.example.com:9000/' }, 's3://s3.example.com:9000/acme'],
    [
      { bucket: 'acme', prefix: 'p', endpoint: 'https://example.com/storage/v1/s3' },
      's3://example.com/storage/v1/s3/acme/p',
    ],
  ])('shows where %j is', async (given, location) => {
    await using backend = await open(given)
    expect(backend).toMatchObject({ type: 's3', location, capabilities: { remote: true } })
    expect(backend.localDirectory).toBeUndefined()
  })

  it.each([
    ['/nowhere/ca.pem', 'ENOENT'],
    ['/dev/null', 'holds no certificate'],
  ])('refuses the certificates in %s', async (ca_file, problem) => {
    const refusal = await open({ bucket: 'acme', ca_file }).catch((error: unknown) => error)
    expect(isAngeeError(refusal, 'BACKEND_OPTIONS_INVALID') && refusal.message).toContain(problem)
  })
})
