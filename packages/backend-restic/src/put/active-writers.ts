import { AngeeError } from '@angee/core'

/*
 * The writers of this process that are at work, over all instances: two of them must not take one id, and what they
 * have stored is no garbage. Other processes are told by their pid.
 */
const tokens = new Set<string>()
const claims = new Set<string>()

/** Takes an id of a repository until it is released. OBJECT_EXISTS while another writer of this process has it. */
export function claimSnapshot(repository: string, id: string, token: string): Disposable {
  const claim = `${repository}\n${id}`
  if (claims.has(claim)) throw snapshotExists(id)
  claims.add(claim)
  tokens.add(token)
  return {
    [Symbol.dispose]: () => {
      claims.delete(claim)
      tokens.delete(token)
    },
  }
}

export function isActiveWriter(token: string): boolean {
  return tokens.has(token)
}

export function snapshotExists(id: string): AngeeError {
  return new AngeeError('OBJECT_EXISTS', `snapshot ${id} exists already, or is being written`, {
    hint: 'An id is used once. Take another snapshot.',
    context: { id },
  })
}
