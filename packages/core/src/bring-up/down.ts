import type { Context } from '../contract/index.ts'
import { lockStack } from '../lock/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'

/**
 * Stops and removes what the engines hold of a stack, with `volumes` their volumes too. Files are left alone, and so is
 * what an interrupted operation left half done: the next one deals with it. Idempotent. LOCKED, RUNTIME_FAILED.
 */
export async function takeDownStack(stack: Stack, options: { volumes: boolean }, ctx: Context): Promise<void> {
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'down', id }, stack.files, ctx.clock)
  for (const kind of stack.runtimes.kinds) {
    const runtime = await stack.runtimes.get(kind)
    ctx.onProgress({ type: 'phase', phase: 'down', message: `stopping what runs on ${runtime.type}` })
    await runtime.down(options, ctx)
  }
}
