import { matchesGlob } from 'node:path'
import { AngeeError } from '@angee/core'
import type { Scope } from './scopes.ts'
import type { TokenRecord } from './token.ts'

/** Who makes a request. */
export interface Principal {
  /** Of the token; `owner` for whoever may use the socket without one, `file` for the token of --token-file. */
  id: string
  name: string
  scopes: readonly Scope[]
  /** Patterns that names of snapshots have to fit. */
  names?: readonly string[]
}

export function principalOf({ id, name, scopes, names }: TokenRecord): Principal {
  return { id, name, scopes, ...(names === undefined ? {} : { names }) }
}

export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin')
}

/** FORBIDDEN where the token has not that scope. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (hasScope(principal, scope)) return
  throw new AngeeError('FORBIDDEN', `the token "${principal.name}" has not the scope "${scope}"`, {
    hint: `Mint one that has it, where the stack is: angee operator token mint --scope ${scope}`,
    context: { needed: scope, scopes: principal.scopes },
  })
}

/** Whether the token may see and use a snapshot of that name. One without a name fits no pattern. */
export function mayUse({ names }: Principal, name: string | undefined): boolean {
  return names === undefined || (name !== undefined && names.some((pattern) => matchesGlob(name, pattern)))
}

/** FORBIDDEN for a token that is restricted to names and asks for something that concerns more than these. */
export function requireUnrestricted({ name, names }: Principal): void {
  if (names === undefined) return
  throw new AngeeError('FORBIDDEN', `the token "${name}" is restricted to snapshots named ${names.join(', ')}`, {
    hint: 'Use a token without such a restriction.',
    context: { names },
  })
}

/** FORBIDDEN where the token is restricted to other names. */
export function requireName(principal: Principal, name: string | undefined): void {
  if (mayUse(principal, name)) return
  const what = name === undefined ? 'a snapshot without a name' : `a snapshot named "${name}"`
  throw new AngeeError('FORBIDDEN', `the token "${principal.name}" is not for ${what}`, {
    hint: `It is for snapshots named ${principal.names?.join(', ')}.`,
    context: { names: principal.names },
  })
}
