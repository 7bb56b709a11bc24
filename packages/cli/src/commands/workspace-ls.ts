import { exitCodes } from '@angee/core'
import type { WorkspaceFacts } from '@angee/operator'
import { printDocument } from '../output/document.ts'
import { formatWorkspaces } from '../output/workspaces.ts'
import { stackOpening, withContext } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { workspacesOf } from '../workspaces.ts'

/** Lists the workspaces of the stack, after cleaning up what commands that died have left. */
export async function workspaceLs(surface: Surface): Promise<number> {
  return withContext(surface, { events: 'none' }, async ({ ctx, progress }) => {
    const workspaces = await workspacesOf(stackOpening(surface), ctx)
    progress.end('erase')
    return printWorkspaces(surface, workspaces)
  })
}

/** Prints a list of workspaces. Gives its exit code. */
export async function printWorkspaces(surface: Surface, workspaces: readonly WorkspaceFacts[]): Promise<number> {
  const names = workspaces.map(({ name }) => name)
  await printDocument(surface, workspaces, names, () =>
    workspaces.length === 0 ? '' : formatWorkspaces(workspaces, surface.columns),
  )
  if (workspaces.length === 0 && surface.format === 'table')
    surface.note(`no workspaces. Make one: ${commandLine(surface, 'workspace create NAME --template TEMPLATE')}\n`)
  return exitCodes.done
}
