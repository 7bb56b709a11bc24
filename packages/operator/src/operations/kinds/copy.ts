import { copySnapshot } from '@angee/core'
import { defineKind } from '../kind.ts'

export interface CopyInput {
  /** As `from` knows it. */
  snapshot: string
  from: string
  to: string
  plain: boolean
}

/** Copies a snapshot to another backend of the stack, or home from one. */
export const copy = defineKind<CopyInput>({
  lane: 'writer',
  run: async ({ snapshot, from, to, plain }, { stack, ctx }) => {
    await using source = await stack.backends.open(from, ctx)
    await using target = await stack.backends.open(to, ctx)
    const { outcome, manifest } = await copySnapshot(stack, { snapshot, from: source, to: target, plain }, ctx)
    const { location } = target.backend
    return { result: { outcome, from: source.backend.location, to: { name: to, location }, snapshot: manifest } }
  },
})
