import { drillSnapshot } from '@angee/core'
import { defineKind } from '../kind.ts'

/** Proves that a snapshot can be restored, in a throw-away stack. `snapshot` is an id in full. */
export const drill = defineKind<{ snapshot: string }>({
  lane: 'reader',
  run: async ({ snapshot }, { stack, effects, ctx }) => {
    const { manifest, parts, seconds, at } = await drillSnapshot(stack, snapshot, effects, ctx)
    return { result: { snapshot: manifest, parts, seconds, at } }
  },
})
