import type { z } from 'zod'
import type { BackendOpening, BackupBackend, Context } from '../contract/index.ts'
import { type BackendDescriptor, openBackend } from '../registry/index.ts'

/** An empty repository beside the one of the stack, for checks. See `BackendScratch`. */
export interface Scratch {
  /** For display. */
  readonly location: string
  open(ctx: Context): Promise<BackupBackend>
  remove(ctx: Context): Promise<void>
}

/** What gives an empty repository of that name (lower-case letters, digits and `-`), where the backend has such. */
export function scratchOf(
  descriptor: BackendDescriptor,
  opening: BackendOpening<z.output<z.ZodType>>,
): ((name: string) => Scratch) | undefined {
  const find = (name: string): Scratch | undefined => {
    const found = descriptor.scratch?.(opening, name)
    if (found === undefined) return undefined
    const { options, location } = found
    return {
      location,
      open: (ctx) => openBackend(descriptor, { ...opening, options }, ctx),
      remove: (ctx) => found.remove(ctx),
    }
  }
  return find('any') === undefined ? undefined : (name) => find(name) as Scratch
}
