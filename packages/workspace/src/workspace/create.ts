import { AngeeError, type Context } from '@angee/core'
import { lockWorkspace, type WorkspaceLock } from '../registry/index.ts'
import { answerQuestions } from '../render/index.ts'
import { openTemplate, type Template } from '../template/index.ts'
import { build } from './build.ts'
import { fillIn, variablesOf } from './chain.ts'
import { claim } from './claim.ts'
import { checkName, type WorkspaceHost } from './host.ts'
import { readParent } from './parent.ts'
import { recoverWorkspaces, takeBack } from './recover.ts'
import type { RestoreRequest } from './restore-job.ts'

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
    const leases = await claim(host, { name, template, parent, reference: request.template }, ctx)
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
  const names = { name: '', path: '', leases: poolsAs(template, 0), snapshot: '' }
  const { values } = answerQuestions(template, { inputs, variables: variablesOf(names, '.', '.') }, ctx)
  const where = `${template.label}/copier.yml: _angee.instance_naming.pattern`
  const name = fillIn(naming.pattern, names, values, where) || naming.fallback || ''
  return name.slice(0, naming.maxLength).replace(/-+$/, '')
}

function poolsAs<Value>({ angee }: Template, value: Value): Record<string, Value> {
  return Object.fromEntries(Object.keys(angee.pools).map((pool) => [pool, value]))
}
