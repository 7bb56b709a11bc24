import { mkdir, rename } from 'node:fs/promises'
import { join, posix, relative } from 'node:path'
import { AngeeError, type Context, substitute } from '@angee/core'
import {
  leasePorts,
  lockWorkspace,
  openRegistry,
  parseRange,
  type WorkspaceLock,
  type WorkspaceRecord,
} from '../registry/index.ts'
import { answerQuestions, openDestination } from '../render/index.ts'
import { openTemplate, type Template } from '../template/index.ts'
import { lookup, renderChain, variablesOf, type WorkspaceNames } from './chain.ts'
import { checkName, makeWorkspacesDirectory, pathsOf, type WorkspaceHost } from './host.ts'
import { type ParentDefaults, readParent } from './parent.ts'
import { inodeOf, markReady, recoverWorkspaces, takeBack, withRecord } from './recover.ts'
import { addRestoreJob, checkParts, type RestoreRequest } from './restore-job.ts'
import { addPersist, editStackFile, findStackFile, type StackFile, withoutStack } from './stack-file.ts'

export interface CreateRequest {
  /** Absent: the template's naming pattern makes one. */
  name?: string
  /** A directory, a short name, or one of them with `#ref`. */
  template: string
  /** What a relative directory starts from. */
  from: string
  /** By name; text is read in the type of its question. */
  inputs: Readonly<Record<string, unknown>>
  restore?: RestoreRequest
}

export interface CreatedWorkspace {
  name: string
  /** Absolute. */
  path: string
  /** The directory that holds its `angee.yaml`, absolute; undefined when it has no stack. */
  stackRoot: string | undefined
  template: string
  /** What was asked and is no secret. */
  inputs: Readonly<Record<string, unknown>>
  /** Port by pool. */
  leases: Readonly<Record<string, number>>
  /** The job that restores the snapshot, when one was asked for. */
  restore: { job: string; snapshot: string } | undefined
  /** What the templates ask for and is not done. */
  notes: readonly string[]
  /** What the template tells whoever has rendered it. */
  message: string | undefined
}

/**
 * Creates a workspace from a template: all of it or nothing. It is rendered beside its place and moved there when it is
 * whole; until then a failure, or the death of the process, leaves no directory and no leased port behind.
 * TEMPLATE_NOT_FOUND, TEMPLATE_INVALID, TEMPLATE_ESCAPES, INPUT_INVALID, WORKSPACE_NAME_INVALID, WORKSPACE_EXISTS,
 * PORT_POOL_EXHAUSTED, RESTORE_CONFLICT, PART_UNKNOWN, MANIFEST_INVALID of what was rendered, LOCKED.
 */
export async function createWorkspace(
  host: WorkspaceHost,
  request: CreateRequest,
  ctx: Context,
): Promise<CreatedWorkspace> {
  await recoverWorkspaces(host, ctx)
  const { place, files } = host
  const parent = await readParent(place, files)
  const search = { directory: request.from, roots: [place.root, request.from], kind: 'workspaces' as const }
  await using template = await openTemplate(request.template, search, ctx.signal)
  refuseOtherKinds(template)
  const inputs = { ...parent.inputsFor(request.template), ...request.inputs }
  const name = request.name ?? nameFor(template, inputs, ctx)
  checkName(name)
  await using lock = await lockWorkspace(place, name, 'workspace create', { files, ctx })
  try {
    const leases = await claim(host, { name, template, parent, request }, ctx)
    return await build(host, { name, template, inputs, leases, request }, ctx)
  } catch (error) {
    await takeBackAfterFailure(host, name, lock, ctx)
    throw error
  }
}

/** A second failure must not hide the first: the record is there still, and the next command cleans up. */
async function takeBackAfterFailure(
  host: WorkspaceHost,
  name: string,
  lock: WorkspaceLock,
  ctx: Context,
): Promise<void> {
  try {
    if (await takeBack(host, name)) lock.forget()
  } catch (failure) {
    ctx.logger.warn(`the workspace ${name} could not be taken back yet`, { reason: String(failure) })
  }
}

function refuseOtherKinds({ angee, label }: Template): void {
  if (['workspace', 'stack'].includes(angee.kind)) return
  throw new AngeeError('TEMPLATE_INVALID', `${label} is a template of a ${angee.kind}, not of a workspace`, {
    hint: 'A workspace template has "_angee: { kind: workspace }" in its copier.yml.',
    context: { template: label, kind: angee.kind },
  })
}

function nameFor(template: Template, inputs: Readonly<Record<string, unknown>>, ctx: Context): string {
  const { naming } = template.angee
  if (naming === undefined) {
    throw new AngeeError('USAGE', `${template.label} makes no names, so the workspace needs one`, {
      hint: 'Give a name: angee workspace create NAME --template …',
    })
  }
  const names = { name: '', path: '', leases: poolsAs(template, 0) }
  const { values } = answerQuestions(template, { inputs, variables: variablesOf(names, '.', '.') }, ctx)
  const where = `${template.label}/copier.yml: _angee.instance_naming.pattern`
  const name = substitute(naming.pattern, lookup(names, values), where) || naming.fallback || ''
  return name.slice(0, naming.maxLength).replace(/-+$/, '')
}

function poolsAs<Value>({ angee }: Template, value: Value): Record<string, Value> {
  return Object.fromEntries(Object.keys(angee.pools).map((pool) => [pool, value]))
}

interface Claim {
  name: string
  template: Template
  parent: ParentDefaults
  request: CreateRequest
}

/** Writes the workspace down as one that is being created, with a port of each pool. WORKSPACE_EXISTS. */
async function claim(host: WorkspaceHost, { name, template, parent, request }: Claim, ctx: Context) {
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
      template: request.template,
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

interface Building {
  name: string
  template: Template
  inputs: Readonly<Record<string, unknown>>
  leases: Readonly<Record<string, number>>
  request: CreateRequest
}

async function build(host: WorkspaceHost, building: Building, ctx: Context): Promise<CreatedWorkspace> {
  const { name, template, inputs, leases, request } = building
  const { final, creating } = pathsOf(host.place, name)
  const registry = openRegistry(host.place, host.files)
  await makeWorkspacesDirectory(host.place)
  await host.trees.remove(creating)
  await mkdir(creating)
  const inode = await inodeOf(creating)
  await registry.update((current) => withRecord(current, name, inode === undefined ? {} : { inode }))
  ctx.onProgress({ type: 'phase', phase: 'render', message: `rendering ${template.label}` })
  const names: WorkspaceNames = { name, path: final, leases }
  const chainRoot = template.angee.chainRoot ?? template.angee.chain[0]?.root ?? '.'
  const surroundings = { names, destination: openDestination(creating), root: host.place.root }
  const task = { template, inputs, base: '.', stackRoot: chainRoot }
  const { answers, message, notes } = await renderChain(task, surroundings, ctx)
  const roots = [chainRoot, '.', '.angee', ...template.angee.chain.map(({ root }) => root ?? '.')]
  const stack = await findStackFile(creating, roots)
  const finished = await finishStack(stack, building, { root: host.place.root, final })
  ctx.signal.throwIfAborted()
  await host.files.syncFileSystem(creating)
  const facts = { inputs: answers.recorded, ...(stack === undefined ? {} : { stackRoot: stack.root }) }
  const restored = finished.job === undefined ? undefined : request.restore
  const restore = restored && {
    snapshot: restored.snapshot,
    ...(restored.only === undefined ? {} : { only: [...restored.only] }),
  }
  await registry.update((current) =>
    withRecord(current, name, { ...facts, ...(restore === undefined ? {} : { restore }) }),
  )
  await rename(creating, final)
  await host.files.syncDirectory(join(final, '..'))
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
  const manifest = await editStackFile(stack, template.label, (document, rendered) => {
    notes = addPersist(document, stack, template.angee.persist)
    const back = relative(join(final, stack.root), root)
    if (request.restore !== undefined) job = addRestoreJob(document, rendered, request.restore, back)
  })
  const scopeRoot = posix.basename(stack.root) === '.angee' ? '.angee' : ''
  if (request.restore !== undefined) checkParts(manifest, scopeRoot, request.restore)
  return { job, notes }
}
