import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AngeeError, registerSecret } from '@angee/core'
import type { EncryptionOptions } from './options.ts'

/** How the parts of a repository are encrypted and read back. */
export interface Encryption {
  /** Public keys of those who can read what is written now. */
  readonly recipients: readonly string[]
  /** Whether an identity is there to read with. It may still be the wrong one. */
  readonly canOpen: boolean
  /** The bytes of an age file that holds `bytes`. */
  seal(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer>
  /** The bytes inside an age file. KEY_MISSING, KEY_WRONG; ARCHIVE_CORRUPT when it is damaged or cut. */
  unseal(bytes: AsyncIterable<Buffer>, part: string): AsyncIterable<Buffer>
  /** KEY_WRONG when the configured identity could not read what is written now. */
  preflight(): Promise<void>
}

/** Reads the identities and makes the encryption of a backend. KEY_MISSING when `identity_file` cannot be read. */
export async function openEncryption(options: EncryptionOptions, stackRoot: string): Promise<Encryption> {
  // Imported where it is used: most stacks do not encrypt, and every command would pay for it.
  const { recipientsOf, sealFor, unsealWith } = await import('./age.ts')
  const identities = await identitiesOf(options, stackRoot)
  const recipients = options.recipients.toSorted()
  return {
    recipients,
    canOpen: identities.length > 0,
    seal: (bytes) => sealFor(recipients, bytes),
    unseal: (bytes, part) => (identities.length === 0 ? refuse(part) : unsealWith(identities, bytes, part)),
    preflight: async () => {
      if (identities.length === 0) return
      const own = await recipientsOf(identities)
      if (own.some((recipient) => recipients.includes(recipient))) return
      throw new AngeeError('KEY_WRONG', 'the identity under encryption belongs to none of its recipients', {
        hint: `What is stored now could not be read back with it. Add its recipient: ${own.join(', ')}`,
        context: { recipients },
      })
    },
  }
}

/** The error about an encrypted part where nothing is configured to read it with. */
export function keyMissing(part: string): AngeeError {
  return new AngeeError('KEY_MISSING', `${part} is encrypted, and no identity is given to read it with`, {
    hint: 'Give the backend encryption.identity_file, or encryption.identity with a secret.',
    context: { part },
  })
}

// biome-ignore lint/correctness/useYield: it stands in for the bytes, and gives none.
async function* refuse(part: string): AsyncGenerator<Buffer> {
  throw keyMissing(part)
}

async function identitiesOf({ identity, identity_file }: EncryptionOptions, stackRoot: string): Promise<string[]> {
  const text = identity_file === undefined ? '' : await readIdentities(resolve(stackRoot, identity_file))
  const identities = [identity ?? '', ...text.split('\n')]
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  for (const one of identities) registerSecret(one)
  if (identity_file === undefined || identities.length > 0) return identities
  throw new AngeeError('KEY_MISSING', `${identity_file} holds no identity`, {
    hint: 'Make one with: age-keygen -o FILE. A file encrypted with a passphrase has to be decrypted first.',
  })
}

async function readIdentities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new AngeeError('KEY_MISSING', `the identity file ${path} cannot be read: ${(cause as Error).message}`, {
      hint: 'Correct encryption.identity_file. To take snapshots without an identity, leave it out.',
      context: { path },
      cause,
    })
  }
}
