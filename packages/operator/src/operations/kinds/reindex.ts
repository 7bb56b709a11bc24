import { reindex as rebuild } from '@angee/core'
import { defineKind } from '../kind.ts'

/** Rebuilds the catalog from the backend. */
export const reindex = defineKind<Record<never, never>>({
  lane: 'writer',
  run: async (_, { stack, ctx }) => {
    const { location } = stack.backend
    ctx.onProgress({ type: 'phase', phase: 'reindex', message: `reading ${location}` })
    const { found, added, dropped, damaged } = await rebuild(stack, ctx)
    return {
      result: { location, found, added, dropped, damaged: damaged.map(({ id, problem }) => ({ id, problem })) },
    }
  },
})
