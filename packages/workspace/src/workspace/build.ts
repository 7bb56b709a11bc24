import { mkdir, rename } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Context } from '@angee/core'
import { openRegistry } from '../registry/index.ts'
import { openDestination } from '../render/index.ts'
import type { Template } from '../template/index.ts'
import { renderChain, type WorkspaceNames } from './chain.ts'
import type { CreatedWorkspace, CreateRequest } from './create.ts'
import { makeWorkspacesDirectory, pathsOf, type WorkspaceHost } from './host.ts'
import { inodeOf, markReady, withRecord } from './recover.ts'
import { addRestoreJob, checkParts } from './restore-job.ts'
import { addPersist, editStackFile, findStackFile, type StackFile, scopeRoot, withoutStack } from './stack-file.ts'

/** A workspace that is written down and has its ports. */
export interface Building {
  name: string
  template: Template
  inputs: Readonly<Record<string, unknown>>
  leases: Readonly<Record<string, number>>
  request: CreateRequest
}

/** Renders a workspace beside its place, and moves it there when it is whole. */
export async function build(host: WorkspaceHost, building: Building, ctx: Context): Promise<CreatedWorkspace> {
  const { name, template, inputs, leases, request } = building
  const { final, creating } = pathsOf(host.place, name)
  const registry = openRegistry(host.place, host.files)
  await makeWorkspacesDirectory(host.place)
  await host.trees.remove(creating)
  await mkdir(creating)
  const inode = await inodeOf(creating)
  await registry.update((current) => withRecord(current, name, inode === undefined ? {} : { inode }))
  ctx.onProgress({ type: 'phase', phase: 'render', message: `rendering ${template.label}` })
  const names: WorkspaceNames = { name, path: final, leases, snapshot: request.restore?.snapshot ?? '' }
  const chainRoot = template.angee.chainRoot ?? template.angee.chain[0]?.root ?? '.'
  const surroundings = { names, destination: openDestination(creating), root: host.place.root }
  const task = { template, inputs, base: '.', stackRoot: chainRoot }
  const { answers, message, notes } = await renderChain(task, surroundings, ctx)
  const roots = [chainRoot, '.', '.angee', ...template.angee.chain.map(({ root }) => root ?? '.')]
  const stack = await findStackFile(creating, roots)
  const finished = await finishStack(stack, building, { root: host.place.root, final })
  ctx.signal.throwIfAborted()
  const facts = { inputs: answers.recorded, ...(stack === undefined ? {} : { stackRoot: stack.root }) }
  const restored = finished.job === undefined ? undefined : request.restore
  const restore = restored && {
    snapshot: restored.snapshot,
    ...(restored.only === undefined ? {} : { only: [...restored.only] }),
  }
  await registry.update((current) =>
    withRecord(current, name, { ...facts, ...(restore === undefined ? {} : { restore }) }),
  )
  // Not waiting for the disk: what was rendered can be rendered again.
  await rename(creating, final)
  await markReady(host, name)
  return {
    name,
    path: final,
    stackRoot: stack && join(final, stack.root),
    template: request.template,
    inputs: answers.recorded,
    leases,
    restore:
      finished.job === undefined || restored === undefined
        ? undefined
        : { job: finished.job, snapshot: restored.snapshot },
    notes: [...notes, ...finished.notes],
    message,
  }
}

/** Persist entries of the template and the restore job, in the rendered `angee.yaml`. */
async function finishStack(
  stack: StackFile | undefined,
  { template, request }: Building,
  { root, final }: { root: string; final: string },
): Promise<{ job: string | undefined; notes: string[] }> {
  if (stack === undefined) {
    if (request.restore !== undefined) throw withoutStack(template.label)
    return { job: undefined, notes: [] }
  }
  let job: string | undefined
  let notes: string[] = []
  const manifest = await editStackFile(stack, template.label, (text, rendered) => {
    const kept = addPersist(text, stack, template.angee.persist)
    notes = kept.notes
    if (request.restore === undefined) return kept.text
    const restoring = addRestoreJob(kept.text, rendered, request.restore, relative(join(final, stack.root), root))
    job = restoring.job
    return restoring.text
  })
  if (request.restore !== undefined) checkParts(manifest, scopeRoot(stack.root), request.restore)
  return { job, notes }
}
