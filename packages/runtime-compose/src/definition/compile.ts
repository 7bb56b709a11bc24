import { AngeeError, type StackDefinition, type Workload } from '@angee/core'
import { composeService } from './service.ts'
import { clientVariable } from './text.ts'
import { yamlOf } from './yaml.ts'

/** The first line of every file that was compiled; a file without it is a person's. */
export const marker = '# written by angee from angee.yaml; edit that, this file is overwritten'

const aboutSecrets = `# Secrets are not in here: angee hands them to the engine when it brings services up. A call of docker compose by hand
# finds them where they are in .env; else give it the file that has them: docker compose --env-file FILE ps`

/** The key for what angee reads from its own file later on; Compose leaves keys that begin with x- alone. */
export const factsKey = 'x-angee'

/** The text of the Compose file for the containers of a definition. The same definition gives the same text. */
export function compile(definition: StackDefinition, project: string): string {
  const workloads = composed(definition)
  const beside = new Map(workloads.map((one) => [one.name, one]))
  const services = workloads.map((one) => [one.name, composeService(one, definition, beside)] as const)
  const volumes = volumesOf(workloads, definition)
  const secrets = secretsOf(workloads, definition)
  const document = {
    name: project,
    services: Object.fromEntries(services),
    ...(Object.keys(volumes).length === 0 ? {} : { volumes }),
    [factsKey]: {
      jobs: workloads.filter(({ kind }) => kind === 'job').map(({ name }) => name),
      secrets,
    },
  }
  return [marker, ...(secrets.length === 0 ? [] : [aboutSecrets]), yamlOf(document)].join('\n')
}

/** What runs in a container. A job that runs nothing there, such as a restore job, is somebody else's. */
export function composed({ services, jobs }: StackDefinition): Workload[] {
  const ours = [...services, ...jobs].filter(({ runtime }) => runtime === 'container')
  const imageless = ours.filter(({ image, build, engine }) => !image && !build && !engine['image'] && !engine['build'])
  const service = imageless.find(({ kind }) => kind === 'service')
  if (service !== undefined) throw withoutImage(service)
  return ours.filter((one) => !imageless.includes(one))
}

/** Volumes that the manifest describes, and those that only a mount names. */
function volumesOf(workloads: readonly Workload[], { volumes }: StackDefinition): Record<string, unknown> {
  const mounted = workloads.flatMap(({ mounts }) => mounts.filter(({ type }) => type === 'volume'))
  return { ...Object.fromEntries(mounted.map(({ source }) => [source, {}])), ...volumes }
}

function secretsOf(workloads: readonly Workload[], { secrets }: StackDefinition): string[] {
  const names = workloads.flatMap(({ env }) => Object.values(env).flat()).filter((piece) => typeof piece !== 'string')
  const variables = names.map(({ secret }) => clientVariable(secrets.get(secret)?.variable ?? secret))
  return [...new Set(variables)].sort()
}

function withoutImage({ name }: Workload): AngeeError {
  return new AngeeError('MANIFEST_INVALID', `services.${name} runs in a container and has neither image nor build`, {
    hint: `Give services.${name} an image:, or runtime: local.`,
    context: { service: name },
  })
}
