import { type Context, isAngeeError } from '@angee/core'
import { refuseForeign } from './foreign.ts'
import { isOfDirectory, labelledContainers, labelledNames } from './labelled.ts'
import type { Project } from './project.ts'

/**
 * Stops and removes the containers and networks of the project, with `volumes` also its volumes: first as Compose does,
 * which knows the order; then by labels what Compose does not see, because its file is gone, broken or names it no more.
 * RUNTIME_FAILED for a broken file of a project of which nothing is known otherwise.
 */
export async function takeDown(project: Project, { volumes }: { volumes: boolean }, ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  await refuseForeign(project, ctx)
  const names = await namesOf(project, ctx)
  const refused = await downByFile(project, volumes, ctx)
  if (refused !== undefined && names.size === 0) throw refused
  for (const name of names) await removeLabelled(project, name, volumes, ctx)
}

/** Gives the error of a file that Compose cannot read. */
async function downByFile(project: Project, volumes: boolean, ctx: Context): Promise<Error | undefined> {
  if (project.source().origin === 'none') return undefined
  try {
    await project.look(['--profile', '*', 'down', '--remove-orphans', ...(volumes ? ['--volumes'] : [])], ctx)
    return undefined
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (!isAngeeError(error, 'RUNTIME_FAILED')) throw error
    ctx.logger.warn(`docker compose down failed, so what it left is removed by labels: ${error.message}`)
    return error
  }
}

/** The names that this stack's containers go by. */
async function namesOf(project: Project, ctx: Context): Promise<Set<string>> {
  const source = project.source()
  const compiled = source.origin === 'compiled' && source.facts.project !== '' ? [source.facts.project] : []
  const all = await labelledContainers(project.engine, { project: '' }, ctx)
  const names = new Set(compiled)
  for (const one of all) {
    if (await isOfDirectory(one, project.directory())) names.add(one.project)
  }
  return names
}

async function removeLabelled(project: Project, name: string, volumes: boolean, ctx: Context): Promise<void> {
  const { engine } = project
  const all = await labelledContainers(engine, { project: name }, ctx)
  const isOwn = await Promise.all(all.map((one) => isOfDirectory(one, project.directory())))
  const own = all.filter((_, index) => isOwn[index]).map(({ id }) => id)
  if (own.length > 0) {
    await engine.call(['stop', ...own], ctx)
    await engine.call(['rm', '--force', ...(volumes ? ['--volumes'] : []), ...own], ctx)
  }
  // What another stack of that name uses is not ours to remove.
  if (own.length < all.length) return
  for (const what of volumes ? (['network', 'volume'] as const) : (['network'] as const)) {
    const names = await labelledNames(engine, what, name, ctx)
    if (names.length > 0) await engine.call([what, 'rm', ...names], ctx)
  }
}
