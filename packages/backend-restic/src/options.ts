import { secret } from '@angee/core'
import { z } from 'zod'

const example =
  'write a restic repository, for example "./backups", "rest:https://host:8000/stack" or "s3:https://host/bucket"'
const passwordKeys = ['password', 'password_file', 'password_command'] as const

/** What stands beside `type: restic` under `backup_backend`. */
export const resticOptions = z
  .strictObject(
    {
      repository: z
        .string(example)
        .min(1, example)
        .refine((repository) => !repository.startsWith('~'), '"~" is not expanded here; write the whole path')
        .refine((repository) => !repository.includes('\0'), example)
        .describe('Where restic keeps it: a directory, relative to that of angee.yaml, or any URL that restic knows.'),
      password: secret(z.string().min(1)).optional().describe('The password of the repository.'),
      password_file: z.string().min(1).optional().describe('A file that holds it, relative to that of angee.yaml.'),
      password_command: z.string().min(1).optional().describe('A command that prints it.'),
      environment: z
        .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
        .optional()
        .describe(
          'Variables for restic alone: credentials of the storage, or RESTIC_CACHE_DIR, RESTIC_COMPRESSION, ….',
        ),
      program: z.string().min(1).default('restic').describe('The restic to use: a name on the PATH, or a path.'),
    },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys'
          ? `restic knows no ${keys?.map((key) => `"${key}"`).join(', ')}; its keys are repository, ${passwordKeys.join(', ')}, environment, program`
          : undefined,
    },
  )
  .refine((options) => passwordKeys.filter((key) => options[key] !== undefined).length <= 1, {
    error: `give one of ${passwordKeys.join(', ')}, not several`,
  })

export type ResticOptions = z.output<typeof resticOptions>
