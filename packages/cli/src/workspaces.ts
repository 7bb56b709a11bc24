import { treeTools } from '@angee/archive'
import {
  type Context,
  isAngeeError,
  locateStack,
  nodeFiles,
  openStack,
  type Stack,
  type StackOpening,
  stackStatus,
  takeDownStack,
} from '@angee/core'
import type { WorkspaceFacts } from '@angee/operator'
import { destroyWorkspace, findWorkspace, listWorkspaces, type WorkspaceHost } from '@angee/workspace'
import { workspaceFacts } from './output/workspaces.ts'

/** The stack whose workspaces are meant. Neither its backend nor its runtimes are asked. */
export function hostOf({ directory, from }: StackOpening): WorkspaceHost {
  return { place: locateStack(directory, from), files: nodeFiles, trees: treeTools }
}

/** The workspaces of a stack, as they are told of. */
export async function workspacesOf(opening: StackOpening, ctx: Context): Promise<WorkspaceFacts[]> {
  return (await listWorkspaces(hostOf(opening), ctx)).map(workspaceFacts)
}

/**
 * Removes one with everything in it, after taking its stack down as far as may be: what runs goes only with `purge`, what
 * is left of it goes always. WORKSPACE_IN_USE.
 */
export async function removeWorkspace(
  opening: StackOpening,
  name: string,
  purge: boolean,
  ctx: Context,
): Promise<void> {
  const host = hostOf(opening)
  const { stackRoot, isPresent } = await findWorkspace(host, name, ctx)
  if (stackRoot !== undefined && isPresent && (purge || (await isDown(stackRoot, opening, ctx))))
    await takeDown(stackRoot, opening, ctx)
  await destroyWorkspace(host, name, { purge, isDown: (root) => isDown(root, opening, ctx) }, ctx)
}

function openInner(stackRoot: string, opening: StackOpening, ctx: Context): Promise<Stack> {
  return openStack({ ...opening, directory: stackRoot }, ctx)
}

/** Whether nothing of that stack runs. One without an `angee.yaml` any more has nothing that we could know of. */
async function isDown(stackRoot: string, opening: StackOpening, ctx: Context): Promise<boolean> {
  try {
    await using stack = await openInner(stackRoot, opening, ctx)
    return (await stackStatus(stack.runtimes, ctx)).every(({ state }) => state === 'stopped' || state === 'absent')
  } catch (error) {
    if (isAngeeError(error, 'STACK_NOT_FOUND')) return true
    throw error
  }
}

/** Stops and removes all that the engines have of that stack, volumes too. */
async function takeDown(stackRoot: string, opening: StackOpening, ctx: Context): Promise<void> {
  try {
    await using stack = await openInner(stackRoot, opening, ctx)
    await takeDownStack(stack, { volumes: true }, ctx)
  } catch (error) {
    // Without its engine nothing of it can run.
    if (isAngeeError(error, 'RUNTIME_UNAVAILABLE'))
      ctx.onProgress({ type: 'note', message: `nothing was taken down: ${error.message}` })
    else if (!isAngeeError(error, 'STACK_NOT_FOUND')) throw error
  }
}
