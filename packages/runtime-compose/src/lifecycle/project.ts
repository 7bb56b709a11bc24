import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError, type Context, type ServiceStatus } from '@angee/core'
import type { Engine } from '../engine/engine.ts'
import { fileHint } from '../engine/errors.ts'
import { type ComposeOptions, projectWords } from '../options.ts'
import { type Container, mainContainer, parseContainers, serviceStatus } from './containers.ts'

/** One Compose project: its services, its containers, and the words that name it to the client. */
export interface Project {
  readonly engine: Engine
  /** The words after `docker` for a subcommand of `docker compose` on this project. */
  words(...words: readonly string[]): string[]
  services(ctx: Context): Promise<string[]>
  containers(ctx: Context): Promise<Container[]>
}

/** The project of the stack root. `own` is the environment of the client. */
export function composeProject(engine: Engine, options: ComposeOptions, own: NodeJS.ProcessEnv): Project {
  const start = projectWords(options)
  const words = (...rest: readonly string[]) => [...start, ...rest]
  const call = async (rest: readonly string[], ctx: Context) => {
    if (options.file === undefined) await requireFile(engine.stackRoot, own)
    return engine.call(words(...rest), ctx)
  }
  return {
    engine,
    words,
    async services(ctx) {
      // Every profile: a service that is not enabled now exists all the same, and is absent.
      const text = await call(['--profile', '*', 'config', '--services'], ctx)
      return text.split('\n').filter((name) => name !== '')
    },
    containers: async (ctx) => parseContainers(await call(['ps', '--all', '--no-trunc', '--format', 'json'], ctx)),
  }
}

/** The status of every service of the project, in the order of names. */
export async function projectStatus(project: Project, ctx: Context): Promise<ServiceStatus[]> {
  const [services, containers] = await Promise.all([project.services(ctx), project.containers(ctx)])
  return services.sort().map((service) => serviceStatus(service, mainContainer(containers, service)))
}

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/**
 * Compose goes on looking in the directories above, where it would find another project and act on that one. So a
 * stack root without a file is an error, unless COMPOSE_FILE names one.
 */
async function requireFile(stackRoot: string, own: NodeJS.ProcessEnv): Promise<void> {
  if (own['COMPOSE_FILE']) return
  for (const name of names) if (await exists(join(stackRoot, name))) return
  const variables = await readFile(join(stackRoot, '.env'), 'utf8').catch(() => '')
  if (/^\s*(export\s+)?COMPOSE_FILE\s*=/m.test(variables)) return
  throw new AngeeError('RUNTIME_FAILED', `${stackRoot} holds no Compose file (${names.join(', ')})`, {
    hint: fileHint,
    context: { stackRoot },
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
