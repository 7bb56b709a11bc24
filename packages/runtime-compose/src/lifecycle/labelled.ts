import { realpath } from 'node:fs/promises'
import type { Context } from '@angee/core'
import type { Engine } from '../engine/engine.ts'

/** A container as its labels tell of it: they are there also when the Compose file is not. */
export interface Labelled {
  id: string
  project: string
  /** Where the Compose file lay that it was made of. */
  directory: string
  /** Of a job that angee runs: its mark and the process that waits for it. */
  job: string
  owner: string
}

const labels = {
  project: 'com.docker.compose.project',
  directory: 'com.docker.compose.project.working_dir',
  job: 'angee.job',
  owner: 'angee.owner',
} as const

/** Every container that has these labels, in whatever state; an empty text stands for any value. */
export async function labelledContainers(
  engine: Engine,
  wanted: Partial<Pick<Labelled, 'project' | 'job'>>,
  ctx: Pick<Context, 'signal'>,
): Promise<Labelled[]> {
  const filters = Object.entries(wanted).map(([name, value]) => {
    const label = labels[name as keyof typeof labels]
    return value === '' ? label : `${label}=${value}`
  })
  const columns = ['{{.ID}}', ...Object.values(labels).map((label) => `{{.Label "${label}"}}`)]
  const text = await engine.call(
    ['ps', '--all', '--no-trunc', ...filterWords(filters), '--format', columns.join('\t')],
    ctx,
  )
  return linesOf(text).map((line) => {
    const [id = '', project = '', directory = '', job = '', owner = ''] = line.split('\t')
    return { id, project, directory, job, owner }
  })
}

/** The names of networks or volumes of a project. */
export async function labelledNames(
  engine: Engine,
  what: 'network' | 'volume',
  project: string,
  ctx: Pick<Context, 'signal'>,
): Promise<string[]> {
  const words = [what, 'ls', '--quiet', ...filterWords([`${labels.project}=${project}`])]
  return linesOf(await engine.call(words, ctx))
}

/** Whether a container was made of a Compose file in that directory. */
export async function isOfDirectory({ directory }: Labelled, wanted: string): Promise<boolean> {
  return directory === wanted || (await real(directory)) === (await real(wanted))
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

function filterWords(filters: readonly string[]): string[] {
  return filters.flatMap((filter) => ['--filter', `label=${filter}`])
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
