import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { ObjectStore } from '../object-store/object-store.ts'

/** Manifests name parts, warnings and labels; this is far more than any holds, and bounds a hostile one. */
const largestDocument = 64 << 20

/**
 * A JSON document that carries its own digest in its last field, so that a flipped byte in a value is found too:
 * SHA-256 of the document without that field, printed with two spaces of indentation.
 */
export function sealedJson(value: object): Buffer {
  return Buffer.from(`${JSON.stringify({ ...value, digest: digestOf(value) }, undefined, 2)}\n`)
}

/** The value of a sealed document. SNAPSHOT_CORRUPT when it is not JSON or not what was sealed. */
export function openSealed(bytes: Buffer, what: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString())
  } catch (cause) {
    throw damaged(what, 'it is no JSON', cause)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw damaged(what, 'it is no JSON object')
  const { digest, ...value } = parsed as Record<string, unknown>
  if (digest !== digestOf(value)) throw damaged(what, 'its digest does not match')
  if (!sealedJson(value).equals(bytes)) throw damaged(what, 'its bytes differ from what was written')
  return value
}

/** All bytes of a small object. OBJECT_NOT_FOUND. */
export async function readDocument(store: ObjectStore, key: string, ctx: Context): Promise<Buffer> {
  const stream: Readable = await store.get(key, undefined, ctx)
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > largestDocument) throw damaged(key, `it is larger than ${largestDocument} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function digestOf(value: object): string {
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(value, undefined, 2))
    .digest('hex')}`
}

function damaged(what: string, problem: string, cause?: unknown): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', `${what} is damaged: ${problem}`, {
    hint: 'Use another snapshot, and check the disk this one lies on.',
    context: { what },
    cause,
  })
}
