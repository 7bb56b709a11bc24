import { secret } from '@angee/core'
import { z } from 'zod'

const recipientHint = 'write an age recipient: "age1" and what age-keygen printed behind it'

/** What stands under `encryption:` of a backend that stores the archive format. */
export const encryptionOptions = z
  .strictObject({
    recipients: z
      .array(z.string().regex(/^age1[0-9a-z]+$/, recipientHint))
      .min(1, recipientHint)
      .describe('Public keys: whoever holds the identity of one of them can read what is stored from now on.'),
    identity: secret(
      z
        .string()
        .regex(
          /^AGE-SECRET-KEY-/,
          'an identity begins with AGE-SECRET-KEY-; keep it among the secrets, or use identity_file',
        )
        .optional(),
    ).describe('The identity to read with. Not needed to take snapshots.'),
    identity_file: z
      .string()
      .min(1)
      .optional()
      .describe('A file with identities, as age-keygen writes it. Relative paths start at the stack root.'),
  })
  .describe('Encrypts every part for these age recipients. Manifests, with names, sizes and digests, stay readable.')

export type EncryptionOptions = z.output<typeof encryptionOptions>
