import { AngeeError, type Context, type Store } from '@angee/core'
import { changeJson } from '../state/change.ts'
import { operatorKeys } from '../state/keys.ts'
import type { Scope } from './scopes.ts'
import { newToken, type TokenRecord } from './token.ts'

export interface TokenRequest {
  name: string
  scopes: readonly Scope[]
  /** Patterns (`nightly-*`) that names of snapshots have to fit; every snapshot when absent. */
  names?: readonly string[]
  /** Milliseconds from now; for ever when absent. */
  lifetime?: number
}

/** What may be shown of a token. */
export type TokenFacts = Omit<TokenRecord, 'digest'>

/** Makes a token and keeps its digest, in a file that only the owner of the stack can read. Gives the token this once. */
export async function mintToken(
  store: Store,
  { name, scopes, names, lifetime }: TokenRequest,
  ctx: Pick<Context, 'clock' | 'random'>,
): Promise<TokenFacts & { token: string }> {
  const { id, token, digest } = newToken(ctx.random)
  const now = ctx.clock.now()
  const facts: TokenFacts = {
    id,
    name,
    scopes: [...new Set(scopes)],
    ...(names === undefined ? {} : { names: [...names] }),
    createdAt: new Date(now).toISOString(),
    ...(lifetime === undefined ? {} : { expiresAt: new Date(now + lifetime).toISOString() }),
  }
  await changeJson<TokenRecord[]>(store, operatorKeys.tokens, (records = []) => [...records, { ...facts, digest }])
  return { ...facts, token }
}

/** Every token that was minted and not revoked, expired ones too, the oldest first. */
export async function listTokens(store: Store): Promise<TokenFacts[]> {
  return (await readTokens(store)).map(({ digest: _, ...facts }) => facts)
}

/** The token of that id, or of that name where only one has it, is worth nothing from now on. USAGE. */
export async function revokeToken(store: Store, idOrName: string): Promise<TokenFacts> {
  let revoked: TokenFacts | undefined
  await changeJson<TokenRecord[]>(store, operatorKeys.tokens, (records = []) => {
    const { digest: _, ...facts } = theOne(records, idOrName)
    revoked = facts
    return records.filter(({ id }) => id !== facts.id)
  })
  return revoked as TokenFacts
}

export async function readTokens(store: Store): Promise<TokenRecord[]> {
  const value = await store.get(operatorKeys.tokens)
  return value === undefined ? [] : (JSON.parse(value.bytes.toString()) as TokenRecord[])
}

function theOne(records: readonly TokenRecord[], idOrName: string): TokenRecord {
  const fitting = records.filter(({ id, name }) => id === idOrName || name === idOrName)
  const [first, second] = fitting
  if (first && !second) return first
  throw new AngeeError('USAGE', first ? `several tokens are named "${idOrName}"` : `there is no token "${idOrName}"`, {
    hint: first
      ? `Give its id: ${fitting.map(({ id }) => id).join(', ')}.`
      : 'List those there are: angee operator token ls',
  })
}
