import { lstat, rename } from 'node:fs/promises'
import { type Context, isAngeeError } from '@angee/core'
import { isLocked, lockWorkspace, openRegistry, type Registry, type WorkspaceRecord } from '../registry/index.ts'
import { pathsOf, type WorkspaceHost } from './host.ts'

/**
 * Deals with what processes that died have left half done: a workspace that was not yet in its place is taken back, with
 * its ports; one that was going is removed; one that had just got into its place is there. Repeating it is harmless.
 */
export async function recoverWorkspaces(host: WorkspaceHost, ctx: Context): Promise<void> {
  const { workspaces } = await openRegistry(host.place, host.files).read()
  for (const [name, { status }] of Object.entries(workspaces)) {
    if (status !== 'ready' && !isLocked(host.place, name)) await recoverWorkspace(host, name, ctx)
  }
}

async function recoverWorkspace(host: WorkspaceHost, name: string, ctx: Context): Promise<void> {
  try {
    await using lock = await lockWorkspace(host.place, name, 'recover', { files: host.files, ctx })
    const record = (await openRegistry(host.place, host.files).read()).workspaces[name]
    if (record === undefined) return lock.forget()
    if (record.status === 'creating' && (await isInPlace(host, name, record))) return await markReady(host, name)
    if (record.status === 'creating') await takeBack(host, name)
    if (record.status === 'destroying') await remove(host, name)
    if (record.status !== 'ready') lock.forget()
  } catch (error) {
    ctx.signal.throwIfAborted()
    // Somebody was faster, and does the same.
    if (isAngeeError(error, 'LOCKED')) return
    // What cannot be removed here and now, such as files of another user, is no reason to do nothing else either.
    ctx.logger.warn(`what is left of the workspace ${name} could not be removed`, { reason: String(error) })
  }
}

/**
 * Undoes a creation, wherever it has come to. The directory goes first: as long as it is there, the record says whose it
 * is. Returns whether nothing of that name is left; a workspace that was there before stays.
 */
export async function takeBack(host: WorkspaceHost, name: string): Promise<boolean> {
  const record = (await openRegistry(host.place, host.files).read()).workspaces[name]
  if (record !== undefined && record.status !== 'creating') return false
  if (record === undefined) return true
  await host.trees.remove(pathsOf(host.place, name).creating)
  if (await isInPlace(host, name, record)) await remove(host, name)
  else await dropRecord(host, name)
  return true
}

/** Removes a workspace. It leaves its place at once; the record goes when nothing is left. */
export async function remove(host: WorkspaceHost, name: string): Promise<void> {
  const { final, destroying } = pathsOf(host.place, name)
  await host.trees.remove(destroying)
  if (await host.files.facts(final)) await rename(final, destroying)
  await host.trees.remove(destroying)
  await dropRecord(host, name)
}

export async function markReady(host: WorkspaceHost, name: string): Promise<void> {
  await openRegistry(host.place, host.files).update((registry) => withRecord(registry, name, { status: 'ready' }))
}

export function withRecord(registry: Registry, name: string, change: Partial<WorkspaceRecord>): Registry {
  const record = registry.workspaces[name]
  if (record === undefined) return registry
  return { ...registry, workspaces: { ...registry.workspaces, [name]: { ...record, ...change } } }
}

async function dropRecord(host: WorkspaceHost, name: string): Promise<void> {
  await openRegistry(host.place, host.files).update((registry) => {
    const { [name]: gone, ...others } = registry.workspaces
    return { ...registry, workspaces: others }
  })
}

/** Whether what lies in its place is what that creation had made, and not something that was there before. */
async function isInPlace(host: WorkspaceHost, name: string, { inode }: WorkspaceRecord): Promise<boolean> {
  return inode !== undefined && inode === (await inodeOf(pathsOf(host.place, name).final))
}

export async function inodeOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(directory, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
