import { encryptionOptions } from '@angee/archive'
import { secret } from '@angee/core'
import { z } from 'zod'

const bucketExample = 'write the name of a bucket alone, for example "acme-backups"; a path inside it goes under prefix'
const prefixExample = 'write a path without slashes at its ends, for example "my-stack" or "backups/my-stack"'
const endpointExample = 'write the address of the server, for example "https://s3.example.com"'
const keyPair = 'access_key_id and secret_access_key go together; leave both out to use the environment or a profile'
/** Objects of these classes cannot be read before someone restores them: a snapshot there could not be restored. */
const archivedClasses = ['GLACIER', 'DEEP_ARCHIVE']

/** What stands beside `type: s3` under `backup_backend`. */
export const s3Options = z
  .strictObject(
    {
      bucket: z
        .string(bucketExample)
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/, bucketExample)
        .describe('The bucket. It is never made.'),
      prefix: z
        .string(prefixExample)
        .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, prefixExample)
        .refine((prefix) => !prefix.split('/').some((segment) => /^\.\.?$/.test(segment)), prefixExample)
        .optional()
        .describe('Where in the bucket snapshots lie, when the bucket is shared.'),
      region: z.string().min(1).optional().describe('The region of the bucket.'),
      endpoint: z
        .string(endpointExample)
        .refine(isServer, endpointExample)
        .refine(holdsNoCredential, 'an address holds no user and password; use access_key_id and secret_access_key')
        .optional()
        .describe('The server, where it is not AWS.'),
      path_style: z
        .boolean()
        .optional()
        .describe('Whether the bucket stands in the path of a URL, not in its host name. Yes where endpoint is set.'),
      access_key_id: secret(z.string().min(1).optional()).describe('Where it is left out: environment, profile, role.'),
      secret_access_key: secret(z.string().min(1).optional()),
      session_token: secret(z.string().min(1).optional()).describe('For temporary credentials.'),
      profile: z.string().min(1).optional().describe('The profile of the AWS configuration files to use.'),
      ca_file: z
        .string()
        .min(1)
        .optional()
        .describe('Certificates to trust besides the usual ones, as PEM. Relative paths start at the stack root.'),
      checksums: z
        .enum(['when_supported', 'when_required'], 'write "when_supported" or "when_required"')
        .default('when_supported')
        .describe('when_required for servers that refuse CRC32 checksums: MD5 is sent in their place.'),
      server_side_encryption: z.enum(['AES256', 'aws:kms'], 'write "AES256" or "aws:kms"').optional(),
      kms_key_id: z.string().min(1).optional().describe('The key for aws:kms, where it is not the default one.'),
      storage_class: z
        .string()
        .regex(/^[A-Z0-9_]+$/, 'write a storage class, for example "STANDARD_IA"')
        .refine((name) => !archivedClasses.includes(name), 'objects of that class cannot be read at once')
        .optional()
        .describe('For objects of 128 KiB and more; smaller ones keep the default class of the bucket.'),
      object_lock: z
        .strictObject({
          mode: z.enum(['governance', 'compliance'], 'write "governance" or "compliance"'),
          days: z.int('write a number of days').min(1, 'write a number of days'),
        })
        .optional()
        .describe('Keeps what is stored from being removed for so many days. The bucket must have object lock.'),
      concurrency: z
        .int('write a whole number from 1 to 64')
        .min(1, 'write a whole number from 1 to 64')
        .max(64, 'write a whole number from 1 to 64')
        .default(4)
        .describe('Requests in flight for one part. Each holds 8 MiB or more in memory.'),
      timeout: z
        .int('write a number of seconds')
        .min(1, 'write a number of seconds')
        .default(60)
        .describe('Seconds without a byte after which a request is given up, and made again.'),
      encryption: encryptionOptions.optional(),
    },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys' ? `s3 knows no ${keys?.map((key) => `"${key}"`).join(', ')}` : undefined,
    },
  )
  .refine((given) => (given.access_key_id === undefined) === (given.secret_access_key === undefined), keyPair)
  .refine((given) => given.session_token === undefined || given.access_key_id !== undefined, keyPair)
  .refine(
    (given) => given.profile === undefined || given.access_key_id === undefined,
    'write either profile or access_key_id and secret_access_key',
  )
  .refine(
    (given) => given.kms_key_id === undefined || given.server_side_encryption === 'aws:kms',
    'kms_key_id needs server_side_encryption: "aws:kms"',
  )

export type S3Options = z.output<typeof s3Options>

function isServer(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
}

function holdsNoCredential(address: string): boolean {
  const url = URL.parse(address)
  return url === null || (url.username === '' && url.password === '')
}
