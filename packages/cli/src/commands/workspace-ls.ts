import { exitCodes } from '@angee/core'
import { listWorkspaces } from '@angee/workspace'
import { printDocument } from '../output/document.ts'
import { formatWorkspaces, workspaceDocument } from '../output/workspaces.ts'
import { withContext } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { workspaceHost } from '../workspaces.ts'

/** Lists the workspaces of the stack, after cleaning up what commands that died have left. */
export async function workspaceLs(surface: Surface): Promise<number> {
  return withContext(surface, { events: 'none' }, async ({ ctx, progress }) => {
    const workspaces = await listWorkspaces(workspaceHost(surface), ctx)
    progress.end('erase')
    const names = workspaces.map(({ name }) => name)
    await printDocument(surface, workspaces.map(workspaceDocument), names, () =>
      workspaces.length === 0 ? '' : formatWorkspaces(workspaces, surface.columns),
    )
    if (workspaces.length === 0 && surface.format === 'table')
      surface.note(`no workspaces. Make one: ${commandLine(surface, 'workspace create NAME --template TEMPLATE')}\n`)
    return exitCodes.done
  })
}
