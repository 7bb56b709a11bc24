import { join } from 'node:path'
import { AngeeError, type Context, didYouMean } from '@angee/core'
import { lockWorkspace, openRegistry, type WorkspaceRecord } from '../registry/index.ts'
import { isInside } from '../template/index.ts'
import { checkName, pathsOf, type WorkspaceHost } from './host.ts'
import { toWorkspace, type Workspace } from './list.ts'
import { recoverWorkspaces, remove, withRecord } from './recover.ts'

/** One workspace, after what died processes left has been dealt with. WORKSPACE_NAME_INVALID, WORKSPACE_NOT_FOUND. */
export async function findWorkspace(host: WorkspaceHost, name: string, ctx: Context): Promise<Workspace> {
  checkName(name)
  await recoverWorkspaces(host, ctx)
  return toWorkspace(host, name, await recordOf(host, name))
}

export interface DestroyOptions {
  /** Also when its stack is not down, and when it holds git checkouts of others. */
  purge: boolean
  /** Whether nothing of the stack in that directory runs any more. */
  isDown(stackRoot: string): Promise<boolean>
}

/**
 * Removes a workspace: its directory with all that is in it, and its ports. To take its stack down first is for the
 * caller. WORKSPACE_NOT_FOUND, WORKSPACE_IN_USE, LOCKED.
 */
export async function destroyWorkspace(
  host: WorkspaceHost,
  name: string,
  options: DestroyOptions,
  ctx: Context,
): Promise<Workspace> {
  checkName(name)
  await recoverWorkspaces(host, ctx)
  await recordOf(host, name)
  await using lock = await lockWorkspace(host.place, name, 'workspace destroy', { files: host.files, ctx })
  const record = await recordOf(host, name)
  const workspace = await toWorkspace(host, name, record)
  await refuseMounts(host, workspace)
  if (!options.purge) await refuseLoss(host, workspace, record, options)
  const registry = openRegistry(host.place, host.files)
  await registry.update((current) => withRecord(current, name, { status: 'destroying' }))
  await remove(host, name)
  lock.forget()
  return workspace
}

async function recordOf(host: WorkspaceHost, name: string): Promise<WorkspaceRecord> {
  const { workspaces } = await openRegistry(host.place, host.files).read()
  const record = workspaces[name]
  if (record !== undefined) return record
  const names = Object.keys(workspaces).sort()
  throw new AngeeError('WORKSPACE_NOT_FOUND', `there is no workspace "${name}"`, {
    hint: `${didYouMean(name, names)}Workspaces: ${names.join(', ') || 'none'}.`,
    context: { name },
  })
}

/** What is mounted in it belongs to somebody else, and would be emptied. */
async function refuseMounts(host: WorkspaceHost, { name, path }: Workspace): Promise<void> {
  const mount = (await host.files.mountPoints()).find((point) => isInside(point, path))
  if (mount === undefined) return
  throw new AngeeError('WORKSPACE_IN_USE', `${mount} is mounted in the workspace "${name}"`, {
    hint: `Unmount it first: umount ${mount}`,
    context: { name, mount },
  })
}

async function refuseLoss(
  host: WorkspaceHost,
  { name, path, stackRoot, isPresent }: Workspace,
  { sources }: WorkspaceRecord,
  { isDown }: DestroyOptions,
): Promise<void> {
  if (!isPresent) return
  const { final } = pathsOf(host.place, name)
  if (stackRoot !== undefined && !(await isDown(stackRoot))) {
    throw new AngeeError('WORKSPACE_IN_USE', `the stack of the workspace "${name}" is not down`, {
      hint: `Run: angee stack down --root ${stackRoot} (or destroy with --purge, which does it)`,
      context: { name, stackRoot },
    })
  }
  for (const source of sources) {
    if (!(await host.files.facts(join(final, source, '.git')))) continue
    throw new AngeeError('WORKSPACE_IN_USE', `the workspace "${name}" holds a git checkout: ${join(path, source)}`, {
      hint: 'Push what is to be kept, then destroy it with --purge.',
      context: { name, checkout: join(path, source) },
    })
  }
}
