import { AngeeError, type Context, isAngeeError } from '@angee/core'
import { isBlock } from '../definition/merge.ts'
import type { Project } from './project.ts'

/**
 * Calls what needs the images of these services. When it fails and one of them is not here, it could not be pulled:
 * RUNTIME_FAILED then names the image.
 */
export async function withImage<Result>(
  project: Project,
  names: readonly string[],
  ctx: Context,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    if (!isAngeeError(error, 'RUNTIME_FAILED') || ctx.signal.aborted) throw error
    throw (await missingImage(project, names, error, ctx).catch(() => undefined)) ?? error
  }
}

async function missingImage(project: Project, names: readonly string[], cause: AngeeError, ctx: Context) {
  const text = await project.look(['--profile', '*', 'config', '--format', 'json'], ctx)
  const { services } = JSON.parse(text) as { services?: unknown }
  for (const [name, service] of Object.entries(isBlock(services) ? services : {})) {
    if (!names.includes(name) || !isBlock(service) || typeof service['image'] !== 'string' || service['build']) continue
    const image = service['image'].replaceAll('$$', '$')
    const { exitCode } = await project.engine.ask(['image', 'inspect', '--format', '{{.Id}}', image], ctx)
    if (exitCode !== 0) return cannotPull(name, image, cause)
  }
  return undefined
}

function cannotPull(service: string, image: string, cause: AngeeError): AngeeError {
  const said = cause.message.replace(/^docker .*? ended with [^:]*: /s, '')
  return new AngeeError('RUNTIME_FAILED', `${service} needs the image ${image}, which cannot be pulled: ${said}`, {
    hint: `See that this works: docker pull ${image}. A private registry needs docker login; an image of your own has to be built or loaded first.`,
    context: { service, image },
    retry: 'later',
    cause,
  })
}
