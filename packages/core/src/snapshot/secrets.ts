import { randomBytes } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import type { BackupBackend } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { SecretsPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'

/*
 * "Seal and include": the secrets file as a part of its own. A manifest tells the digest of every part, and of a short
 * file with one weak secret in it a digest is enough to try guesses against: so a line of random bytes goes before it.
 */
const salt = /^# sealed [0-9a-f]{64}\n/

/** The part of the stack's secrets file. */
export function secretsPart({ place, manifest }: Pick<Stack, 'place' | 'manifest'>): SecretsPart {
  const { secretsFile } = manifest
  return {
    id: 'secrets/file',
    kind: 'file',
    file: isAbsolute(secretsFile) ? secretsFile : join(place.root, secretsFile),
  }
}

/** USAGE where the backend does not encrypt: secrets lie nowhere in the open. */
export function requireEncryption({ type, location, capabilities }: BackupBackend): void {
  if (capabilities.encrypts) return
  throw new AngeeError(
    'USAGE',
    `secrets are stored only where they are encrypted, and ${type} at ${location} does not`,
    {
      hint: 'Set backup_backend.encryption.recipients, use a backend that encrypts, or leave out --include-secrets.',
      context: { type, location },
    },
  )
}

/** What is stored of the secrets file. PERSIST_MISSING when there is none. */
export async function sealedSecrets({ files }: Pick<Stack, 'files'>, { file }: SecretsPart): Promise<Buffer> {
  const bytes = await files.read(file)
  if (bytes) return Buffer.concat([Buffer.from(`# sealed ${randomBytes(32).toString('hex')}\n`), bytes])
  throw new AngeeError('PERSIST_MISSING', `there is no secrets file ${file} to include`, {
    hint: 'Correct secrets_backend.path, or leave out --include-secrets.',
    context: { file },
  })
}

/** The secrets file out of what was stored of it. */
export function unsealedSecrets(stored: Buffer): Buffer {
  const [line] = salt.exec(stored.subarray(0, 80).toString('latin1')) ?? []
  return stored.subarray(line?.length ?? 0)
}
