import { exitCodes } from '@angee/core'
import { findWorkspace, type Workspace } from '@angee/workspace'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { stackOpening, withContext } from '../session.ts'
import type { Surface } from '../surface.ts'
import { hostOf, removeWorkspace } from '../workspaces.ts'

/** Removes workspaces after asking. All of them must be there before the first one goes. */
export async function workspaceDestroy(surface: Surface, names: readonly string[], purge: boolean): Promise<number> {
  requireSomeoneToAsk(surface, questionFor(names))
  const opening = stackOpening(surface)
  const whenInterrupted = 'the next command about workspaces finishes what was begun'
  const destroyed = await withContext(surface, { events: 'lines', whenInterrupted }, async ({ ctx }) => {
    const doomed: Workspace[] = []
    for (const name of new Set(names)) doomed.push(await findWorkspace(hostOf(opening), name, ctx))
    await askFor(surface, names, doomed, ctx.signal)
    for (const { name } of doomed) await removeWorkspace(opening, name, purge, ctx)
    return doomed.map(({ name }) => name)
  })
  return printDestroyed(surface, destroyed)
}

/** What has to be agreed to. */
export function questionFor(names: readonly string[]): string {
  return `Remove ${counted(names.length, 'workspace')} with everything in it?`
}

/** Shows what goes, and asks. Throws where the answer is no. */
export async function askFor(
  surface: Surface,
  names: readonly string[],
  doomed: readonly { name: string; path: string }[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name, path } of surface.yes ? [] : doomed) surface.err(`  ${name}  ${path}\n`)
  if (!(await confirmed(surface, questionFor(names), signal))) throw declined()
}

/** Prints what is gone. Gives its exit code. */
export async function printDestroyed(surface: Surface, destroyed: readonly string[]): Promise<number> {
  await printResult(surface, { operation: 'workspace destroy', destroyed, exitCode: exitCodes.done }, destroyed, () =>
    destroyed.map((name) => `Removed ${name}\n`).join(''),
  )
  return exitCodes.done
}
