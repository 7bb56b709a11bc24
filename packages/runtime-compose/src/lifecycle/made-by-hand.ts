import type { Context, StackDefinition } from '@angee/core'
import type { Container } from './containers.ts'
import type { Project } from './project.ts'

/**
 * Those of `names` whose containers a person has made from the same compiled file with `docker compose up`. Compose 2.26
 * notes a service's dependencies then, and takes it for another one when angee brings it up alone: they are left as
 * they are when everything else is the same, the image included.
 */
export async function madeByHand(
  project: Project,
  names: readonly string[],
  containers: readonly Container[],
  { services }: StackDefinition,
  ctx: Context,
): Promise<string[]> {
  const built = services.filter(({ build }) => build !== undefined).map(({ name }) => name)
  const groups = names.map((name) => ({ name, own: containers.filter(({ service }) => service === name) }))
  const candidates = groups.filter(
    ({ name, own }) => own.length > 0 && own.every(({ hasDependencies }) => hasDependencies) && !built.includes(name),
  )
  if (candidates.length === 0) return []
  const hashes = new Set([...(await hashesOf(project, [], ctx)), ...(await hashesOf(project, ['--profile', '*'], ctx))])
  const same: string[] = []
  for (const { name, own } of candidates) {
    const isSame = own.every((one) => hashes.has(`${name} ${one.configHash}`))
    if (isSame && (await hasNewestImage(project, own, ctx))) same.push(name)
  }
  return same
}

/** Lines of a service and the hash of its definition. */
async function hashesOf(project: Project, profile: readonly string[], ctx: Context): Promise<string[]> {
  return (await project.make([...profile, 'config', '--hash', '*'], ctx)).split('\n').map((line) => line.trim())
}

async function hasNewestImage({ engine }: Project, own: readonly Container[], ctx: Context): Promise<boolean> {
  const format = '{{.Image}} {{.Config.Image}}'
  const lines = (await engine.call(['inspect', '--format', format, ...own.map(({ id }) => id)], ctx)).split('\n')
  for (const line of lines) {
    const [used, name = ''] = line.trim().split(' ')
    const { stdout, exitCode } = await engine.ask(['image', 'inspect', '--format', '{{.Id}}', name], ctx)
    if (exitCode !== 0 || stdout.trim() !== used) return false
  }
  return true
}
