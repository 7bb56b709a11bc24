import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import { fileNames } from '../definition/source.ts'
import { isOfDirectory, type Labelled, labelledContainers } from './labelled.ts'
import type { Project } from './project.ts'

/**
 * Compose takes all containers of a name for its own. A file by hand without `name:` gets that of its directory, and two
 * directories of one name would then recreate and remove each other's containers: RUNTIME_FAILED when another directory
 * of this machine, with a Compose file or a manifest in it, has containers under that name.
 */
export async function refuseForeign(project: Project, ctx: Context): Promise<void> {
  if (project.source().origin !== 'by-hand') return
  const { engine } = project
  const answer = await engine.ask(project.words('config', '--format', 'json'), ctx, project.environment('look'))
  const name = nameIn(answer.stdout)
  if (name === undefined) return
  for (const one of await labelledContainers(engine, { project: name }, ctx)) {
    if (await isOfDirectory(one, project.directory())) continue
    if (!isStack(one)) continue
    throw new AngeeError(
      'RUNTIME_FAILED',
      `the Compose project ${name} is that of ${one.directory} too: this would touch its containers`,
      {
        hint: `Write name: into the Compose file of ${engine.stackRoot}, or project_name into the options of the compose runtime.`,
        context: { project: name, other: one.directory },
      },
    )
  }
}

function nameIn(json: string): string | undefined {
  try {
    const { name } = JSON.parse(json) as { name?: unknown }
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

function isStack({ directory }: Labelled): boolean {
  return ['angee.yaml', ...fileNames].some((name) => existsSync(join(directory, name)))
}
