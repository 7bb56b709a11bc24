import { describe, expect, it } from 'vitest'
import { redact } from '../src/errors/index.ts'
import { fillSecrets } from '../src/stack/secrets.ts'

/** What a user writes; in one place, because a linter takes it for a template. */
const named = (name: string): string => `\${secret.${name}}`
const secrets = new Map([
  ['S3_KEY', 'the-key-of-the-bucket'],
  ['SHORT', 'abc'],
])

describe('secrets in the options of a backend', () => {
  const fill = (options: Record<string, unknown>, environment = {}) =>
    fillSecrets(options, 'backup_backend', secrets, environment)

  it('stand where they are named, at any depth', () => {
    const options = {
      key: named('S3_KEY'),
      url: `https://me:${named('SHORT')}@host/`,
      deep: [{ again: named('S3_KEY') }],
      n: 3,
    }
    expect(fill(options)).toEqual({
      key: 'the-key-of-the-bucket',
      url: 'https://me:abc@host/',
      deep: [{ again: 'the-key-of-the-bucket' }],
      n: 3,
    })
  })

  it('come from the environment where the file has none, and cannot be printed from then on', () => {
    expect(fill({ key: named('FROM_ENV') }, { FROM_ENV: 'a value of the environment' })).toEqual({
      key: 'a value of the environment',
    })
    expect(redact('it is a value of the environment!')).toBe('it is [redacted]!')
  })

  it('that are nowhere are an error with the place and a guess', () => {
    expect(() => fill({ deep: { key: named('S3_KEYS') } })).toThrow(
      expect.objectContaining({
        code: 'BACKEND_OPTIONS_INVALID',
        message: 'backup_backend.deep.key names the secret S3_KEYS, which the stack does not have',
        hint: expect.stringContaining('S3_KEY'),
      }),
    )
    expect(() => fill({ key: named('EMPTY') }, { EMPTY: '' })).toThrow('EMPTY')
  })

  it('are not looked for in what only looks like one', () => {
    const others = { a: `\${inputs.x}`, b: '$secret.S3_KEY', c: named('') }
    expect(fill(others)).toEqual(others)
  })
})
