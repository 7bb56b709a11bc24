import type { Context, StackDefinition, Workload } from '@angee/core'
import { resumeContainers, startServices } from './change.ts'
import { refuseForeign } from './foreign.ts'
import { madeByHand } from './made-by-hand.ts'
import { withImage } from './missing-image.ts'
import type { Project } from './project.ts'

const words = ['up', '--detach', '--quiet-pull', '--remove-orphans=false']

/**
 * Brings services to what the file says. Of a compiled file only those named; of one by hand also what they depend on
 * there. RUNTIME_FAILED, naming the image where one cannot be pulled.
 */
export async function bringUp(
  project: Project,
  names: readonly string[],
  definition: StackDefinition,
  ctx: Context,
): Promise<void> {
  ctx.signal.throwIfAborted()
  if (names.length === 0) return
  project.remember(definition)
  await refuseForeign(project, ctx)
  // Compose takes a paused container for one that it has to start, which the engine refuses.
  const own = (await project.containers(ctx)).filter(({ service }) => names.includes(service))
  await resumeContainers(project, own, ctx)
  if (project.source().origin === 'by-hand') {
    await withImage(project, names, ctx, () => project.make([...words, ...names], ctx))
    return
  }
  const untouched = await madeByHand(project, names, own, definition, ctx)
  await startServices(project, untouched, ctx)
  const rest = names.filter((name) => !untouched.includes(name))
  for (const group of independent(rest, definition)) {
    const build = group.some((name) => workload(name, definition)?.build !== undefined) ? ['--build'] : []
    await withImage(project, group, ctx, () => project.make([...words, '--no-deps', ...build, ...group], ctx))
  }
}

/**
 * Groups of which no service depends on another one of its group. What Compose 2.26 compares when it decides whether to
 * make a service anew holds its dependencies, but only those that are among the services of that call: the same service
 * would be made anew whenever it comes in other company.
 */
function independent(names: readonly string[], definition: StackDefinition): string[][] {
  const groups: string[][] = []
  for (const name of names) {
    const near = new Set(workload(name, definition)?.dependsOn.map((one) => one.name))
    const fits = groups.find((group) => !group.some((other) => near.has(other) || dependsOn(other, name, definition)))
    if (fits) fits.push(name)
    else groups.push([name])
  }
  return groups
}

function dependsOn(name: string, other: string, definition: StackDefinition): boolean {
  return workload(name, definition)?.dependsOn.some((one) => one.name === other) ?? false
}

function workload(name: string, { services }: StackDefinition): Workload | undefined {
  return services.find((one) => one.name === name)
}
