import { AngeeError } from '@angee/core'
import { api } from '../api/index.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { present } from '../json.ts'
import { meant } from './snapshots.ts'
import { requirePermission, type Subject, starting, submit } from './submit.ts'

/** Making, listing and removing workspaces. */
export function workspaceRoutes(on: On, daemon: Daemon): void {
  const start = starting(on, daemon)
  const { listWorkspaces, createWorkspace, destroyWorkspace } = api.workspaces

  on(listWorkspaces, async ({ signal }) => {
    const ctx = { ...daemon.ctx, signal, onProgress: () => undefined }
    return { body: { workspaces: (await daemon.workspaces?.list(ctx)) ?? [] } }
  })

  start(createWorkspace, async (call) => {
    const { name, template, inputs, restore, only, up } = call.body
    if (daemon.workspaces === undefined) throw noWorkspaces()
    if (only !== undefined && restore === undefined) throw onlyWithoutRestore()
    const found =
      restore === undefined
        ? undefined
        : await withStack(daemon, call.signal, (stack, ctx) => meant(daemon, stack, restore, ctx))
    const subject: Subject = found === undefined ? 'the stack' : { snapshot: found }
    await requirePermission(daemon, call, 'workspace_create', subject)
    return submit(daemon, call, 'workspace_create', {
      template,
      inputs,
      ...present({ name, only, up, snapshot: found?.id }),
    })
  })

  start(destroyWorkspace, async (call) => {
    if (daemon.workspaces === undefined) throw noWorkspaces()
    await requirePermission(daemon, call, 'workspace_destroy', 'the stack')
    return submit(daemon, call, 'workspace_destroy', { name: call.params.name, purge: call.query.purge })
  })
}

function noWorkspaces(): AngeeError {
  return new AngeeError('USAGE', 'this operator makes no workspaces', {
    hint: 'Start it with "angee operator", which does.',
  })
}

function onlyWithoutRestore(): AngeeError {
  return new AngeeError('USAGE', '"only" says which parts to restore, and there is no "restore"', {
    hint: 'Add "restore", or leave "only" out.',
  })
}
