import { posix } from 'node:path'
import { AngeeError, type Context, isAngeeError, substitute } from '@angee/core'
import { renderAll } from '../answers/index.ts'
import { answerQuestions, type Destination, type RenderReport, renderTemplate } from '../render/index.ts'
import { openTemplate, type Template } from '../template/index.ts'

/** What `${…}` and Jinja may refer to in a workspace. */
export interface WorkspaceNames {
  name: string
  /** Where it will lie, absolute. */
  path: string
  leases: Readonly<Record<string, number>>
  /** The snapshot that it begins with; empty for none. */
  snapshot: string
}

interface Task {
  template: Template
  inputs: Readonly<Record<string, unknown>>
  /** Relative to the workspace. */
  base: string
  /** Where the stack of the workspace lies, relative to it. */
  stackRoot: string
}

interface Surroundings {
  names: WorkspaceNames
  destination: Destination
  /** The root of the stack that the workspace belongs to. */
  root: string
}

const longestChain = 8

/**
 * Renders a template with all that it chains. Those come first, each in turn, so that what names them can lay its own
 * files over theirs. Returns the report of `template` itself, and everything the templates say that is not done.
 */
export async function renderChain(
  task: Task,
  surroundings: Surroundings,
  ctx: Context,
): Promise<RenderReport & { notes: string[] }> {
  return renderLinks(task, surroundings, [], ctx)
}

async function renderLinks(
  task: Task,
  surroundings: Surroundings,
  above: readonly string[],
  ctx: Context,
): Promise<RenderReport & { notes: string[] }> {
  const { template, inputs, base, stackRoot } = task
  const { names, destination } = surroundings
  const within = [...above, template.directory]
  const variables = variablesOf(names, base, stackRoot)
  const { values } = answerQuestions(template, { inputs, variables }, ctx)
  const notes: string[] = template.notes.map((note) => `${template.label}: ${note}`)
  if (above.length > 0 && Object.keys(template.angee.pools).length > 0)
    notes.push(`${template.label}: ports are leased for the workspace alone, not for templates in its chain`)
  for (const [index, link] of template.angee.chain.entries()) {
    const where = `${template.label}/copier.yml: _angee.chain.${index}`
    const fill = (text: string): string => fillIn(text, names, values, where)
    // A name alone is that of a stack template; a path starts from the template that names it.
    const place = {
      directory: template.directory,
      roots: [template.directory, surroundings.root],
      kind: 'stacks' as const,
    }
    await using chained = await openTemplate(link.template, place, ctx.signal)
    refuseInChain(chained, within, where)
    const root = posix.join(base, fill(link.root ?? (template.angee.kind === 'workspace' ? stackRoot : '.')))
    const given = renderAll(link.inputs, fill) as Record<string, unknown>
    const { known, strangers } = knownInputs(given, chained)
    for (const name of strangers) notes.push(`${where}: ${chained.label} takes no input "${name}"`)
    ctx.onProgress({ type: 'note', message: `rendering ${chained.label}` })
    const inner = { template: chained, inputs: known, base: root, stackRoot }
    notes.push(...(await renderLinks(inner, surroundings, within, ctx)).notes)
  }
  return { ...(await renderTemplate(template, { inputs, variables, destination, base }, ctx)), notes }
}

function refuseInChain(chained: Template, within: readonly string[], where: string): void {
  if (within.includes(chained.directory) || within.length > longestChain) {
    throw new AngeeError('TEMPLATE_INVALID', `${where}: the chain comes back to ${chained.label}, or is too long`, {
      hint: `A chain has at most ${longestChain} templates, each once.`,
      context: { chain: [...within, chained.directory] },
    })
  }
  if (chained.angee.kind !== 'service') return
  throw new AngeeError('TEMPLATE_INVALID', `${where}: ${chained.label} is a template of a service`, {
    hint: 'Chain templates of stacks and projects.',
  })
}

/** A chain may name inputs that another version of the chained template has. */
function knownInputs(given: Record<string, unknown>, { questions }: Template) {
  const names = new Set(questions.map(({ name }) => name))
  const strangers = Object.keys(given).filter((name) => !names.has(name))
  return { known: Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name))), strangers }
}

export function variablesOf(
  { name, path, leases, snapshot }: WorkspaceNames,
  base: string,
  stackRoot: string,
): Record<string, unknown> {
  const ports = Object.entries(leases).map(([pool, port]) => [`alloc_${pool.replaceAll('-', '_')}`, port])
  return {
    ANGEE_ROOT: posix.relative(base, stackRoot) || '.',
    workspace_name: name,
    workspace_path: path,
    restore_snapshot: snapshot,
    ...Object.fromEntries(ports),
  }
}

/** A text of a chain or a naming pattern with every `${…}` replaced. TEMPLATE_INVALID; `where` is for the message. */
export function fillIn(
  text: string,
  names: WorkspaceNames,
  inputs: Readonly<Record<string, unknown>>,
  where: string,
): string {
  try {
    return substitute(text, lookup(names, inputs), where)
  } catch (error) {
    if (!isAngeeError(error, 'MANIFEST_INVALID')) throw error
    const hint = 'There are inputs.NAME, alloc.POOL, name, workspace.name and workspace.path.'
    throw new AngeeError('TEMPLATE_INVALID', error.message, {
      hint: `${error.hint ?? ''} ${hint}`.trim(),
      cause: error,
    })
  }
}

function lookup(
  { name, path, leases }: WorkspaceNames,
  inputs: Readonly<Record<string, unknown>>,
): (path: readonly string[]) => string | undefined {
  return ([namespace, key = '']) => {
    if (namespace === 'name') return name
    if (namespace === 'inputs') return asText(inputs[key])
    if (namespace === 'alloc') return asText(leases[key])
    if (namespace === 'workspace') return key === 'name' ? name : key === 'path' ? path : undefined
    return undefined
  }
}

function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
