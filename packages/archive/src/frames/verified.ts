import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Digested } from '@angee/core'
import { AngeeError } from '@angee/core/errors'

/** Passes bytes on and throws at the end, or as soon as it is too long, when they are not what the manifest says. */
export async function* verified(
  bytes: AsyncIterable<Buffer>,
  expected: Digested,
  what: string,
): AsyncGenerator<Buffer> {
  const digest = createHash('sha256')
  let count = 0
  for await (const piece of bytes) {
    count += piece.length
    if (count > expected.bytes) throw differs(what, `more than ${expected.bytes} bytes`, expected)
    digest.update(piece)
    yield piece
  }
  const found = { bytes: count, digest: `sha256:${digest.digest('hex')}` }
  if (found.bytes !== expected.bytes || found.digest !== expected.digest) {
    throw differs(what, `${found.bytes} bytes, ${found.digest}`, expected)
  }
}

/**
 * The same, but holds the last piece back until the digest is known to be right: whoever reads to the end of it has read
 * the right bytes, and whoever writes them away has not written a whole wrong file before the error comes.
 */
export async function* verifiedBeforeEnd(
  bytes: AsyncIterable<Buffer>,
  expected: Digested,
  what: string,
): AsyncGenerator<Buffer> {
  let held: Buffer | undefined
  for await (const piece of verified(bytes, expected, what)) {
    if (held) yield held
    held = piece
  }
  if (held) yield held
}

function differs(what: string, found: string, expected: Digested): AngeeError {
  return new AngeeError(
    'SNAPSHOT_CORRUPT',
    `${what} is damaged: found ${found}; the manifest says ${expected.bytes} bytes, ${expected.digest}`,
    {
      hint: 'Restore another snapshot, and check the disk this one lies on.',
      context: { what },
    },
  )
}
