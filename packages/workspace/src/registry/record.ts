import { AngeeError } from '@angee/core'
import { z } from 'zod'

const recordSchema = z.looseObject({
  /** As it was asked for. */
  template: z.string(),
  commit: z.string().optional(),
  /** What was asked and is no secret. */
  inputs: z.record(z.string(), z.unknown()),
  /** Where its stack lies, relative to the workspace; absent when it has none. */
  stackRoot: z.string().optional(),
  /** Port by pool. */
  leases: z.record(z.string(), z.int()),
  createdAt: z.string(),
  status: z.enum(['creating', 'ready', 'destroying']),
  /** Which directory a creation works in, so that no other one is ever taken for it. */
  inode: z.string().optional(),
  /** Where git worktrees are put by others, relative to the workspace. */
  sources: z.array(z.string()).default([]),
  restore: z.looseObject({ snapshot: z.string(), only: z.array(z.string()).optional() }).optional(),
})

const registrySchema = z.looseObject({ format: z.literal(1), workspaces: z.record(z.string(), recordSchema) })

export type WorkspaceRecord = z.output<typeof recordSchema>
export type Registry = z.output<typeof registrySchema>

export const emptyRegistry: Registry = { format: 1, workspaces: {} }

/** CATALOG_CORRUPT when what is stored is no registry. */
export function parseRegistry(bytes: Uint8Array, where: string): Registry {
  try {
    return registrySchema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (cause) {
    throw new AngeeError('CATALOG_CORRUPT', `${where} cannot be read: it is no list of workspaces`, {
      hint: 'Correct it by hand, or move it away; the directories under workspaces/ stay as they are.',
      context: { file: where },
      cause,
    })
  }
}
