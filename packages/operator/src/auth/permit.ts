import type { Principal } from './principal.ts'

/** A guarded action that is about to be asked for. */
export interface Question {
  principal: Principal
  /** The kind of the operation, or `cancel`. */
  action: string
  /** The snapshot it concerns, where it concerns one. */
  snapshot?: { id?: string; name?: string; labels?: Record<string, string> }
  /** The operation that is to be cancelled. */
  operation?: { id: string; kind: string; requestedBy: string }
  /** The stack it is done to. */
  stack: { name: string; root: string }
}

/**
 * Decides, after the scopes of the token have allowed it, whether an action may be done; throws FORBIDDEN when not. An
 * external decision point is asked here. Every route that starts something calls it once it knows what it is about.
 */
export type Permit = (question: Question) => Promise<void>

/** Leaves the decision to the scopes. */
export const permitAll: Permit = async () => undefined
