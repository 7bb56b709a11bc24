import { isAngeeError, removeSnapshot, type Stack } from '@angee/core'
import { defineKind, type Work } from '../kind.ts'

export interface RemoveInput {
  /** In full. */
  snapshot: string
  force: boolean
}

/** Removes a snapshot and gives its room back. */
export const remove = defineKind<RemoveInput>({
  lane: 'writer',
  run: async ({ snapshot, force }, { stack, ctx }) => {
    await removeSnapshot(stack, snapshot, force, ctx)
    await giveBackRoom(stack, ctx)
    return { result: { removed: snapshot } }
  },
  // What is gone from the backend shall be gone from the list too.
  settle: async ({ snapshot, force }, { stack, ctx }) => {
    if (!(await isGone(stack, snapshot, ctx))) return undefined
    await removeSnapshot(stack, snapshot, force, ctx)
    return { removed: snapshot }
  },
})

async function isGone(stack: Stack, snapshot: string, ctx: Work['ctx']): Promise<boolean> {
  try {
    await stack.backend.stat(snapshot, ctx)
    return false
  } catch (error) {
    return isAngeeError(error, 'SNAPSHOT_NOT_FOUND')
  }
}

async function giveBackRoom(stack: Stack, ctx: Work['ctx']): Promise<void> {
  try {
    await stack.backend.collectGarbage?.(ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    ctx.onProgress({ type: 'note', message: `a later run gives the room back: ${reason}` })
  }
}
