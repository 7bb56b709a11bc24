import type { Encryption } from '../encryption/encryption.ts'
import type { ObjectStore } from '../object-store/object-store.ts'

/** Where the parts of a backend lie, and how those that are written now are encrypted. */
export interface Archive {
  readonly store: ObjectStore
  readonly encryption: Encryption | undefined
}
