import { secret } from '@angee/core'
import { z } from 'zod'

const example = 'write the address of a collection, for example "https://cloud.example.org/dav/backups"'

/** What stands beside `type: webdav` under `backup_backend`. */
export const webdavOptions = z
  .strictObject(
    {
      url: z
        .string(example)
        .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), example)
        .refine(
          hasNoCredential,
          'write the user under "username" and the password under "password", not into the address',
        )
        .refine((url) => !/[?#]/.test(url), 'an address with "?" or "#" is no collection')
        .describe('The collection that holds the snapshots. It is made when it is missing.'),
      username: z
        .string('write the name of the user')
        .min(1, 'write the name of the user')
        .refine((name) => !name.includes(':'), 'a name with ":" cannot be sent')
        .optional(),
      password: secret(z.string('write the password as text: put it in quotes')).optional(),
      token: secret(z.string('write the token as text: put it in quotes')).optional(),
    },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys'
          ? `webdav knows no ${keys?.map((key) => `"${key}"`).join(', ')}, only "url", "username", "password" and "token"`
          : undefined,
    },
  )
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: 'write "username" and "password" both, or neither',
  })
  .refine(({ username, token }) => username === undefined || token === undefined, {
    error: 'write "username" and "password", or "token", not all of them',
  })

export type WebdavOptions = z.output<typeof webdavOptions>

function hasNoCredential(url: string): boolean {
  if (!URL.canParse(url)) return true
  const { username, password } = new URL(url)
  return username === '' && password === ''
}
