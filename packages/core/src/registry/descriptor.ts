import type { z } from 'zod'
import type { BackendOpening, BackendScratch, BackupBackend } from '../contract/backend.ts'
import type { Context } from '../contract/context.ts'
import type { Runtime, RuntimeKind, RuntimeOpening } from '../contract/runtime.ts'

/** The version of the contracts in this package. An adapter names the one it was written for. */
export const contractVersion = 1

/** What a backend package default-exports: data and one function, with no effect until `open` is called. */
export interface BackendDescriptor<Schema extends z.ZodType = z.ZodType> {
  readonly contract: typeof contractVersion
  /** The word users write under `backup_backend.type`. */
  readonly type: string
  /** Checks the rest of `backup_backend`. Mark secret fields with {@link secret}. */
  readonly options: Schema
  /** MUST be cheap and MUST NOT write; a repository is created by the first `begin`. */
  open(opening: BackendOpening<z.output<Schema>>, ctx: Context): Promise<BackupBackend>
  /**
   * Optional: an empty repository beside that of `opening`, another one for each `name` (lower-case letters, digits and
   * `-`). MUST NOT write. Undefined where these options leave no place for one. Without it `angee doctor --backend` cannot
   * check the user's own storage.
   */
  scratch?(opening: BackendOpening<z.output<Schema>>, name: string): BackendScratch<z.output<Schema>> | undefined
}

/** What a runtime package default-exports. */
export interface RuntimeDescriptor<Schema extends z.ZodType = z.ZodType> {
  readonly contract: typeof contractVersion
  readonly type: string
  /** The value of a service's `runtime:` key that this runtime serves. */
  readonly serves: RuntimeKind
  readonly options: Schema
  open(opening: RuntimeOpening<z.output<Schema>>, ctx: Context): Promise<Runtime>
}

/** Gives a backend descriptor its types. Returns it unchanged. */
export function defineBackend<Schema extends z.ZodType>(
  descriptor: BackendDescriptor<Schema>,
): BackendDescriptor<Schema> {
  return descriptor
}

/** Gives a runtime descriptor its types. Returns it unchanged. */
export function defineRuntime<Schema extends z.ZodType>(
  descriptor: RuntimeDescriptor<Schema>,
): RuntimeDescriptor<Schema> {
  return descriptor
}
