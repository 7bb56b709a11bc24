import { type Context, exitCodes } from '@angee/core'
import { destroyWorkspace, findWorkspace, type Workspace } from '@angee/workspace'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { withContext } from '../session.ts'
import type { Surface } from '../surface.ts'
import { isDown, takeDown, workspaceHost } from '../workspaces.ts'

/** Removes workspaces after asking. All of them must be there before the first one goes. */
export async function workspaceDestroy(surface: Surface, names: readonly string[], purge: boolean): Promise<number> {
  const question = `Remove ${counted(names.length, 'workspace')} with everything in it?`
  requireSomeoneToAsk(surface, question)
  const whenInterrupted = 'the next command about workspaces finishes what was begun'
  const destroyed = await withContext(surface, { events: 'lines', whenInterrupted }, async ({ ctx }) => {
    const host = workspaceHost(surface)
    const doomed: Workspace[] = []
    for (const name of new Set(names)) doomed.push(await findWorkspace(host, name, ctx))
    for (const { name, path } of surface.yes ? [] : doomed) surface.err(`  ${name}  ${path}\n`)
    if (!(await confirmed(surface, question, ctx.signal))) throw declined()
    for (const workspace of doomed) {
      await prepare(workspace, purge, surface, ctx)
      const options = { purge, isDown: (root: string) => isDown(root, surface, ctx) }
      await destroyWorkspace(host, workspace.name, options, ctx)
    }
    return doomed.map(({ name }) => name)
  })
  await printResult(surface, { operation: 'workspace destroy', destroyed, exitCode: exitCodes.done }, destroyed, () =>
    destroyed.map((name) => `Removed ${name}\n`).join(''),
  )
  return exitCodes.done
}

/** Takes the stack down, as far as may be: what runs goes only when the user says so, what is left of it goes always. */
async function prepare(
  { stackRoot, isPresent }: Workspace,
  purge: boolean,
  surface: Surface,
  ctx: Context,
): Promise<void> {
  if (stackRoot === undefined || !isPresent) return
  if (purge || (await isDown(stackRoot, surface, ctx))) await takeDown(stackRoot, surface, ctx)
}
