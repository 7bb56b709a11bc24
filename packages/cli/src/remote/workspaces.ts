import { AngeeError, type Warning } from '@angee/core'
import type { WorkspaceFacts } from '@angee/operator'
import { api } from '@angee/operator/client'
import { type CreateOptions, printCreated, wishOf } from '../commands/workspace-create.ts'
import { askFor, printDestroyed, questionFor } from '../commands/workspace-destroy.ts'
import { printWorkspaces } from '../commands/workspace-ls.ts'
import { requireSomeoneToAsk } from '../confirm.ts'
import type { Surface } from '../surface.ts'
import { type Remote, withOperator } from './connect.ts'

const { listWorkspaces, createWorkspace, destroyWorkspace } = api.workspaces

export async function workspaceCreate(
  surface: Surface,
  [name]: readonly string[],
  options: CreateOptions,
): Promise<number> {
  const begun = performance.now()
  const { snapshot, only, ...wish } = wishOf(name, options)
  refuseDirectory(wish.template)
  const body = {
    ...wish,
    ...(snapshot === undefined ? {} : { restore: snapshot }),
    ...(only === undefined ? {} : { only: [...only] }),
  }
  return withOperator(surface, 'lines', async ({ run, progress }) => {
    const made = await run('workspace_create', createWorkspace, { body })
    progress.end('erase')
    const warnings: readonly Warning[] = progress.warnings
    return printCreated(surface, made, Math.round(performance.now() - begun), warnings)
  })
}

export async function workspaceLs(surface: Surface): Promise<number> {
  return printWorkspaces(surface, await withOperator(surface, 'none', list))
}

export async function workspaceDestroy(
  surface: Surface,
  names: readonly string[],
  { purge }: { purge?: true },
): Promise<number> {
  requireSomeoneToAsk(surface, questionFor(names))
  const destroyed = await withOperator(surface, 'lines', async (remote) => {
    const present = await list(remote)
    const doomed = [...new Set(names)].map((name) => present.find((one) => one.name === name) ?? { name, path: '' })
    const missing = doomed.find(({ path }) => path === '')
    if (missing) throw notThere(missing.name, present)
    await askFor(surface, names, doomed, remote.signal)
    const query = { purge: purge ? ('true' as const) : ('false' as const) }
    for (const { name } of doomed) await remote.run('workspace_destroy', destroyWorkspace, { params: { name }, query })
    return doomed.map(({ name }) => name)
  })
  return printDestroyed(surface, destroyed)
}

async function list({ client }: Remote): Promise<WorkspaceFacts[]> {
  return (await client.call(listWorkspaces)).workspaces
}

function refuseDirectory(template: string): void {
  if (!/^(\.{0,2}\/|\.)|#/.test(template)) return
  throw new AngeeError('USAGE', `"${template}" names a directory or a commit, and an operator takes short names only`, {
    hint: 'Put the template into .templates/workspaces of that stack, and give the name of its directory.',
  })
}

function notThere(name: string, present: readonly WorkspaceFacts[]): AngeeError {
  return new AngeeError('WORKSPACE_NOT_FOUND', `there is no workspace "${name}"`, {
    hint: `Workspaces: ${present.map((one) => one.name).join(', ') || 'none'}.`,
    context: { name },
  })
}
