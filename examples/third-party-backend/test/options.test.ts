import { isAngeeError, parseOptions } from '@angee/core'
import { describe, expect, it } from 'vitest'
import webdav from '../src/index.ts'

const parse = (given: Record<string, unknown>) => parseOptions(webdav.options, given, 'backup_backend')

describe('the options', () => {
  it('take an address alone, a user with a password, or a token', () => {
    const url = 'https://cloud.example.org/dav/backups'
    expect(parse({ url })).toEqual({ url })
    expect(parse({ url, username: 'me', password: 'x y:z' })).toEqual({ url, username: 'me', password: 'x y:z' })
    expect(parse({ url, token: 'abc' })).toEqual({ url, token: 'abc' })
  })

  const url = 'https://cloud.example.org/dav'
  it.each([
    [{}, 'backup_backend.url: write the address of a collection'],
    [{ url: 'cloud.example.org' }, 'backup_backend.url: write the address of a collection'],
    [{ url: 'dav://cloud.example.org' }, 'backup_backend.url: write the address of a collection'],
    [{ url: 'https://me:hunter2222@cloud.example.org/dav' }, 'backup_backend.url: write the user under "username"'],
    [{ url: `${url}?a=b` }, 'backup_backend.url: an address with "?" or "#" is no collection'],
    [{ url, username: 'me' }, 'backup_backend: write "username" and "password" both, or neither'],
    [{ url, password: 'hunter2222' }, 'backup_backend: write "username" and "password" both, or neither'],
    [{ url, username: 'a:b', password: 'x' }, 'backup_backend.username: a name with ":" cannot be sent'],
    [{ url, username: 'me', password: 12345678 }, 'backup_backend.password: write the password as text'],
    [{ url, username: 'me', password: 'x', token: 'y' }, 'backup_backend: write "username" and "password", or "token"'],
    [{ url, path: '/x' }, 'backup_backend: webdav knows no "path", only "url", "username", "password" and "token"'],
  ])('refuse %j', (given, message) => {
    const error = (() => {
      try {
        parse(given)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(isAngeeError(error, 'BACKEND_OPTIONS_INVALID')).toBe(true)
    expect(String(error)).toContain(message)
    expect(String(error)).not.toContain('hunter2222')
  })
})
