import { isAbsolute, relative, resolve } from 'node:path'
import { encryptionOptions } from '@angee/archive'
import { AngeeError } from '@angee/core'
import { z } from 'zod'

const example = 'write a directory, for example "./backups" or "/srv/backups"'

/** What stands beside `type: localfs` under `backup_backend`. */
export const localfsOptions = z.strictObject(
  {
    path: z
      .string(example)
      .min(1, example)
      .refine((path) => !path.startsWith('~'), '"~" is not expanded here; write the whole path')
      .refine((path) => !path.includes('\0') && !/^[a-z0-9+.-]+:\/\//i.test(path), example)
      .default('./backups')
      .describe('Where snapshots are kept: absolute, or relative to the directory of angee.yaml.'),
    encryption: encryptionOptions.optional(),
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `localfs knows no ${keys?.map((key) => `"${key}"`).join(', ')}, only "path" and "encryption"`
        : undefined,
  },
)

/**
 * The absolute path of the backend's directory. BACKEND_OPTIONS_INVALID where it is the stack root or holds it: the
 * whole stack would then count as the backend's own and nothing of it could be kept apart.
 */
export function backupDirectory(path: string, stackRoot: string): string {
  const directory = resolve(stackRoot, path)
  if (!isWithin(directory, stackRoot)) return directory
  throw new AngeeError('BACKEND_OPTIONS_INVALID', `backup_backend.path: "${path}" holds the stack itself`, {
    hint: 'Give snapshots a directory of their own, for example "./backups".',
    context: { directory, stackRoot },
  })
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path)
  return !isAbsolute(way) && way.split('/')[0] !== '..'
}
