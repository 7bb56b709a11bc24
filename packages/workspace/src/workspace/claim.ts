import { AngeeError, type Context } from '@angee/core'
import { leasePorts, openRegistry, parseRange, type WorkspaceRecord } from '../registry/index.ts'
import type { Template } from '../template/index.ts'
import { pathsOf, type WorkspaceHost } from './host.ts'
import type { ParentDefaults } from './parent.ts'

export interface Claim {
  name: string
  template: Template
  parent: ParentDefaults
  /** The template as it was asked for. */
  reference: string
}

/** Writes the workspace down as one that is being created, with a port of each pool. Returns these. WORKSPACE_EXISTS,
 * PORT_POOL_EXHAUSTED. */
export async function claim(host: WorkspaceHost, { name, template, parent, reference }: Claim, ctx: Context) {
  const { final } = pathsOf(host.place, name)
  const pools = Object.fromEntries(
    Object.entries(template.angee.pools).map(([pool, range]) => [
      pool,
      parseRange(parent.pools[pool] ?? range, `pool ${pool}`),
    ]),
  )
  const registry = await openRegistry(host.place, host.files).update(async (current) => {
    ctx.signal.throwIfAborted()
    if (current.workspaces[name] !== undefined || (await host.files.facts(final))) throw exists(name, final)
    const record: WorkspaceRecord = {
      template: reference,
      ...(template.commit === undefined ? {} : { commit: template.commit }),
      inputs: {},
      leases: await leasePorts(pools, current, parent.ports),
      createdAt: new Date(ctx.clock.now()).toISOString(),
      status: 'creating',
      sources: template.angee.sources.map(({ subpath }) => subpath),
    }
    return { ...current, workspaces: { ...current.workspaces, [name]: record } }
  })
  return registry.workspaces[name]?.leases ?? {}
}

function exists(name: string, path: string): AngeeError {
  return new AngeeError(
    'WORKSPACE_EXISTS',
    `there is a workspace "${name}" already, or a directory in its place: ${path}`,
    {
      hint: `Take another name, or remove it: angee workspace destroy ${name}`,
      context: { name, path },
    },
  )
}
