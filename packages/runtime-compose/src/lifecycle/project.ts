import { dirname } from 'node:path'
import { AngeeError, type Context, type ServiceStatus, type StackDefinition } from '@angee/core'
import { fileNames, type Source, sourceOf } from '../definition/source.ts'
import { clientVariable } from '../definition/text.ts'
import { isClientName } from '../engine/client-names.ts'
import type { Engine } from '../engine/engine.ts'
import { fileHint } from '../engine/errors.ts'
import { oneByOne } from '../engine/one-by-one.ts'
import { type ComposeOptions, projectWords } from '../options.ts'
import { type Container, mainContainer, parseContainers, serviceStatus } from './containers.ts'

/** One Compose project: its services, its containers, and the words that name it to the client. */
export interface Project {
  readonly engine: Engine
  /** Where its definition lies now. */
  source(): Source
  /** What Compose notes on containers: where the file lies that they were made of. */
  directory(): string
  /** The words after `docker` for a subcommand of `docker compose` on this project. */
  words(...words: readonly string[]): string[]
  /**
   * What the client is given so that it can read the file. A call that makes containers gets the secrets of a definition
   * that was remembered, and fails without them. One that only looks, or stops and starts what is there, needs none.
   */
  environment(purpose: 'look' | 'make'): Record<string, string>
  /** Calls a subcommand of `docker compose` that makes no container. RUNTIME_FAILED also where there is no file. */
  look(words: readonly string[], ctx: Context): Promise<string>
  /** The same for one that may make containers. One call at a time: two would make the same network twice. */
  make(words: readonly string[], ctx: Context): Promise<string>
  services(ctx: Context): Promise<string[]>
  containers(ctx: Context): Promise<Container[]>
  /** From now on its secrets are at hand. */
  remember(definition: StackDefinition): void
  /** The name of the project that a definition is compiled for. */
  nameFor(definition: StackDefinition): string
}

/** The project of the stack root. `own` is the environment of the client. */
export function composeProject(engine: Engine, options: ComposeOptions, own: NodeJS.ProcessEnv): Project {
  const start = projectWords(options)
  let remembered: StackDefinition | undefined
  const source = () => sourceOf(engine.stackRoot, options, own)

  const words: Project['words'] = (...rest) => {
    const from = source()
    // By hand, `name:` in the file says the same; but COMPOSE_PROJECT_NAME of a shell would go before it.
    const isOurs = from.origin === 'compiled' && options.project_name === undefined && from.facts.project !== ''
    return [...start, ...(isOurs ? ['--project-name', from.facts.project] : []), ...rest]
  }

  const environment: Project['environment'] = (purpose) => {
    const from = source()
    const needed = from.origin === 'compiled' ? from.facts.secrets : []
    const placeholders = purpose === 'make' ? [] : needed.map((name) => [name, 'not known'] as const)
    const secrets = [...(remembered?.secrets.values() ?? [])].flatMap(({ variable, value }) => {
      const name = clientVariable(variable)
      // A file by hand may name them too. What the person has set there goes first, as with Compose's own env files.
      const isOffered = !isClientName(variable) && own[variable] === undefined
      return needed.includes(name) || isOffered ? [[name, value] as const] : []
    })
    return Object.fromEntries([...placeholders, ...secrets])
  }

  const call = (purpose: 'look' | 'make') => async (rest: readonly string[], ctx: Context) => {
    ctx.signal.throwIfAborted()
    if (source().origin === 'none') throw withoutFile(engine.stackRoot)
    return engine.call(words(...rest), ctx, environment(purpose))
  }
  const look = call('look')
  const make = oneByOne(call('make'))

  return {
    engine,
    source,
    directory: () => dirname(source().file),
    words,
    environment,
    look,
    make,
    async services(ctx) {
      // Every profile: a service that is not enabled now exists all the same, and is absent.
      const names = (await look(['--profile', '*', 'config', '--services'], ctx)).split('\n')
      const from = source()
      const jobs = from.origin === 'compiled' ? from.facts.jobs : []
      return names.filter((name) => name !== '' && !jobs.includes(name))
    },
    containers: async (ctx) => parseContainers(await look(['ps', '--all', '--no-trunc', '--format', 'json'], ctx)),
    remember: (definition) => {
      remembered = definition
    },
    nameFor: ({ project }) => options.project_name ?? project,
  }
}

/** The status of every service of the project, in the order of names. */
export async function projectStatus(project: Project, ctx: Context): Promise<ServiceStatus[]> {
  const [services, containers] = await Promise.all([project.services(ctx), project.containers(ctx)])
  return services.sort().map((service) => serviceStatus(service, mainContainer(containers, service)))
}

/**
 * Compose goes on looking in the directories above, where it would find another project and act on that one. So a
 * stack root without a file is an error, unless COMPOSE_FILE names one.
 */
function withoutFile(stackRoot: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `${stackRoot} holds no Compose file (${fileNames.join(', ')})`, {
    hint: fileHint,
    context: { stackRoot },
  })
}
