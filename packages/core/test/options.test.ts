import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { redact } from '../src/errors/index.ts'
import { parseOptions, secret } from '../src/registry/index.ts'

const schema = z.strictObject({
  bucket: z.string('write the name of a bucket'),
  key: secret(z.string().optional()),
  encryption: z
    .strictObject({ identity: secret(z.string().regex(/^AGE/, 'an identity begins with AGE').optional()) })
    .optional(),
  environment: secret(z.record(z.string(), z.string())).optional(),
})

describe('options of an adapter', () => {
  it('tell of a misspelt key before the one that is missing because of it', () => {
    expect(() => parseOptions(schema, { bukket: 'x' }, 'backup_backend')).toThrow(
      expect.objectContaining({
        code: 'BACKEND_OPTIONS_INVALID',
        message: expect.stringContaining('bukket'),
        hint: expect.stringContaining('Did you mean "bucket"?'),
      }),
    )
    expect(() => parseOptions(schema, {}, 'backup_backend')).toThrow(
      'backup_backend.bucket: write the name of a bucket',
    )
  })

  it('make secrets unprintable at any depth, also in the error about them', () => {
    const given = {
      bucket: 'b',
      encryption: { identity: 'wrong-identity-1' },
      environment: { A: 'value-in-environment' },
    }
    expect(() => parseOptions(schema, given, 'backup_backend')).toThrow('backup_backend.encryption.identity')
    expect(redact('wrong-identity-1 value-in-environment')).toBe('[redacted] [redacted]')
    parseOptions(schema, { bucket: 'b', key: 'the-key-itself' }, 'backup_backend')
    expect(redact('the-key-itself')).toBe('[redacted]')
  })
})
