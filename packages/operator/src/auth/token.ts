import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '@angee/core'
import type { Scope } from './scopes.ts'

/** What is kept of a token: enough to know it again, never enough to use it. */
export interface TokenRecord {
  /** Short, and no secret: it names the token in lists and in the records of operations. */
  id: string
  name: string
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: string
  scopes: Scope[]
  /** Patterns of names of snapshots; absent: every snapshot, named or not. */
  names?: string[]
  createdAt: string
  expiresAt?: string
}

/** A new token of 256 random bits. */
export function newToken(random: Random): { id: string; token: string; digest: string } {
  const id = Buffer.from(random(new Uint8Array(6))).toString('hex')
  const token = `angee_${id}_${Buffer.from(random(new Uint8Array(32))).toString('base64url')}`
  return { id, token, digest: digestOf(token) }
}

/** How a token is kept. One of 256 random bits cannot be guessed from it, so that no slow hash is needed. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The record of a presented token. Looks at every record, in a time that does not tell which fits. */
export function findToken(records: readonly TokenRecord[], presented: string): TokenRecord | undefined {
  const digest = Buffer.from(digestOf(presented), 'hex')
  let found: TokenRecord | undefined
  for (const record of records) if (timingSafeEqual(Buffer.from(record.digest, 'hex'), digest)) found = record
  return found
}
