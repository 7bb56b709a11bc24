import { treeTools } from '@angee/archive'
import {
  type Context,
  isAngeeError,
  locateStack,
  nodeFiles,
  openStack,
  type Stack,
  stackStatus,
  takeDownStack,
} from '@angee/core'
import type { WorkspaceHost } from '@angee/workspace'
import { stackOpening } from './session.ts'
import type { Surface } from './surface.ts'

/** The stack whose workspaces are meant. Neither its backend nor its runtimes are asked. */
export function workspaceHost(surface: Surface): WorkspaceHost {
  return { place: locateStack(surface.root, process.cwd()), files: nodeFiles, trees: treeTools }
}

/** Opens the stack of a workspace. */
export function openInner(stackRoot: string, surface: Surface, ctx: Context): Promise<Stack> {
  return openStack({ ...stackOpening(surface), directory: stackRoot }, ctx)
}

/** Whether nothing of that stack runs. One without an `angee.yaml` any more has nothing that we could know of. */
export async function isDown(stackRoot: string, surface: Surface, ctx: Context): Promise<boolean> {
  try {
    await using stack = await openInner(stackRoot, surface, ctx)
    return (await stackStatus(stack.runtimes, ctx)).every(({ state }) => state === 'stopped' || state === 'absent')
  } catch (error) {
    if (isAngeeError(error, 'STACK_NOT_FOUND')) return true
    throw error
  }
}

/** Stops and removes all that the engines have of that stack, volumes too. */
export async function takeDown(stackRoot: string, surface: Surface, ctx: Context): Promise<void> {
  try {
    await using stack = await openInner(stackRoot, surface, ctx)
    await takeDownStack(stack, { volumes: true }, ctx)
  } catch (error) {
    // Without its engine nothing of it can run.
    if (isAngeeError(error, 'RUNTIME_UNAVAILABLE'))
      ctx.onProgress({ type: 'note', message: `nothing was taken down: ${error.message}` })
    else if (!isAngeeError(error, 'STACK_NOT_FOUND')) throw error
  }
}
