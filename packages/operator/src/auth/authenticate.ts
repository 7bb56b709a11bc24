import { AngeeError, type Store } from '@angee/core'
import { type Principal, principalOf } from './principal.ts'
import { digestOf, findToken, type TokenRecord } from './token.ts'
import { readTokens } from './tokens.ts'

/** What is known of a request before it is looked at. */
export interface Caller {
  /** The value of the header Authorization. */
  authorization: string | undefined
  /** Where it comes from: an address, or `unix`. */
  address: string
}

export interface Authentication {
  store: Store
  /** A token besides the minted ones, with every right. */
  ownToken?: string
  /** Whoever can open the socket needs no token. */
  allowOwner: boolean
  now(): number
}

/** Who calls. UNAUTHENTICATED for no token, one that nobody has minted or that is revoked, and an expired one. */
export async function authenticate(
  { authorization, address }: Caller,
  { store, ownToken, allowOwner, now }: Authentication,
): Promise<Principal> {
  if (authorization === undefined) {
    if (allowOwner && address === 'unix') return { id: 'owner', name: 'owner of the socket', scopes: ['admin'] }
    throw refused('a token is needed', 'Send it as: Authorization: Bearer TOKEN.')
  }
  const [, presented] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization) ?? []
  if (presented === undefined) throw refused('the header Authorization holds no bearer token', 'Send: Bearer TOKEN.')
  const record = findToken([...(await readTokens(store)), ...ownRecord(ownToken)], presented)
  if (record === undefined)
    throw refused('no such token', 'It may have been revoked. Mint one: angee operator token mint')
  if (record.expiresAt !== undefined && Date.parse(record.expiresAt) <= now()) {
    throw refused(`the token "${record.name}" has expired`, 'Mint a new one: angee operator token mint')
  }
  return principalOf(record)
}

function ownRecord(token: string | undefined): TokenRecord[] {
  if (token === undefined) return []
  return [{ id: 'file', name: 'token file', digest: digestOf(token), scopes: ['admin'], createdAt: '' }]
}

function refused(message: string, hint: string): AngeeError {
  return new AngeeError('UNAUTHENTICATED', message, { hint })
}
