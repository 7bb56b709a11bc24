import { AngeeError } from '@angee/core'
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'

/* age-encryption.org/v1, through the library of its author. */

/** Encrypts a stream for age recipients. BACKEND_OPTIONS_INVALID for what is no recipient. */
export async function* sealFor(recipients: readonly string[], bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) addRecipient(encrypter, recipient)
  yield* buffersOf(await encrypter.encrypt(webStream(bytes)))
}

/** Decrypts an age file. KEY_WRONG, and ARCHIVE_CORRUPT when it is damaged or ends early. */
export async function* unsealWith(
  identities: readonly string[],
  bytes: AsyncIterable<Buffer>,
  part: string,
): AsyncGenerator<Buffer> {
  const decrypter = new Decrypter()
  for (const identity of identities) addIdentity(decrypter, identity)
  // The bytes' own error says more than what the codec makes of it.
  const source = remembering(bytes)
  try {
    yield* buffersOf(await decrypter.decrypt(webStream(source.bytes)))
  } catch (cause) {
    throw source.failure() ?? (isNoMatch(cause) ? keyWrong(part, cause) : damaged(part, cause))
  }
}

/** The public keys of identities. KEY_WRONG for what is no identity. */
export async function recipientsOf(identities: readonly string[]): Promise<string[]> {
  return Promise.all(
    identities.map((identity) =>
      identityToRecipient(identity).catch((cause: unknown) => Promise.reject(noIdentity(cause))),
    ),
  )
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch (cause) {
    throw new AngeeError('BACKEND_OPTIONS_INVALID', `encryption.recipients: "${recipient}" is no age recipient`, {
      hint: 'Copy the whole line that age-keygen prints behind "public key:".',
      cause,
    })
  }
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch (cause) {
    throw noIdentity(cause)
  }
}

function noIdentity(cause: unknown): AngeeError {
  return new AngeeError('KEY_WRONG', 'what is given as an age identity is none', {
    hint: 'An identity is one line that begins with AGE-SECRET-KEY-. Passphrases and SSH keys are not supported.',
    cause,
  })
}

function isNoMatch(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no identity matched')
}

function keyWrong(part: string, cause: unknown): AngeeError {
  return new AngeeError('KEY_WRONG', `${part} was encrypted for other recipients than the identity given`, {
    hint: 'Give the backend the identity of one of the recipients that `angee stack backup show` names.',
    context: { part },
    cause,
  })
}

function damaged(part: string, cause: unknown): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', `the encrypted bytes are damaged: ${(cause as Error).message}`, {
    hint: 'Verify the snapshot and choose another one.',
    context: { part },
    cause,
  })
}

function remembering(bytes: AsyncIterable<Buffer>): { bytes: AsyncGenerator<Buffer>; failure: () => unknown } {
  let failure: unknown
  async function* passing(): AsyncGenerator<Buffer> {
    try {
      yield* bytes
    } catch (error) {
      failure = error
      throw error
    }
  }
  return { bytes: passing(), failure: () => failure }
}

function webStream(bytes: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  return ReadableStream.from(bytes) as ReadableStream<Uint8Array>
}

/** The codec gives 64 KiB at a time, and fewer and larger pieces cost less further on. */
const gatheredBytes = 1 << 20

async function* buffersOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = []
  let held = 0
  for await (const piece of stream) {
    pieces.push(piece)
    held += piece.length
    if (held < gatheredBytes) continue
    yield Buffer.concat(pieces, held)
    pieces = []
    held = 0
  }
  if (held > 0) yield Buffer.concat(pieces, held)
}
