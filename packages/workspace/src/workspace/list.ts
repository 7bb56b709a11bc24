import { join } from 'node:path'
import type { Context } from '@angee/core'
import { openRegistry, type WorkspaceRecord } from '../registry/index.ts'
import { pathsOf, type WorkspaceHost } from './host.ts'
import { recoverWorkspaces } from './recover.ts'

/** A workspace of a stack. */
export interface Workspace {
  name: string
  /** Absolute. */
  path: string
  /** The directory that holds its `angee.yaml`, absolute; undefined when it has no stack. */
  stackRoot: string | undefined
  /** As it was asked for. */
  template: string
  inputs: Readonly<Record<string, unknown>>
  /** Port by pool. */
  leases: Readonly<Record<string, number>>
  createdAt: string
  /** `creating` and `destroying`: somebody is at it now. */
  status: WorkspaceRecord['status']
  /** Whether its directory is there. */
  isPresent: boolean
  /** The snapshot that it began with. */
  restore: { snapshot: string } | undefined
}

/** The workspaces of a stack by name, after what died processes left has been dealt with. */
export async function listWorkspaces(host: WorkspaceHost, ctx: Context): Promise<Workspace[]> {
  await recoverWorkspaces(host, ctx)
  const { workspaces } = await openRegistry(host.place, host.files).read()
  const names = Object.keys(workspaces).sort()
  return Promise.all(names.map((name) => toWorkspace(host, name, workspaces[name] as WorkspaceRecord)))
}

export async function toWorkspace(host: WorkspaceHost, name: string, record: WorkspaceRecord): Promise<Workspace> {
  const { final } = pathsOf(host.place, name)
  const { template, inputs, leases, createdAt, status, restore, stackRoot } = record
  return {
    name,
    path: final,
    stackRoot: stackRoot === undefined ? undefined : join(final, stackRoot),
    template,
    inputs,
    leases,
    createdAt,
    status,
    isPresent: (await host.files.facts(final)) !== undefined,
    restore: restore && { snapshot: restore.snapshot },
  }
}
