import { type AngeeError, type Context, AngeeError as Failure } from '@angee/core'
import { type Container, mainContainer, serviceStatus } from '../lifecycle/containers.ts'
import type { Project } from '../lifecycle/project.ts'

/** The container in which a command runs. */
export interface Place {
  readonly project: Project
  readonly service: string
  /** The words after `docker` that run a command here. */
  execWords(flags: readonly string[], command: readonly string[]): string[]
  /** Whether this very container runs no more. False when the engine does not answer. */
  hasStopped(): Promise<boolean>
}

/** The main container of a service. SERVICE_NOT_RUNNING unless it runs. */
export async function placeOf(
  project: Project,
  service: string,
  user: string | undefined,
  ctx: Context,
): Promise<Place> {
  const containers = await project.containers(ctx)
  const container = mainContainer(containers, service)
  if (container === undefined || !serviceStatus(service, container).canExec) {
    throw notRunning(service, container, await project.services(ctx))
  }
  return {
    project,
    service,
    execWords: (flags, command) =>
      project.words(
        'exec',
        '--no-TTY',
        `--index=${container.number}`,
        ...(user === undefined ? [] : ['--user', user]),
        ...flags,
        service,
        ...command,
      ),
    async hasStopped() {
      const never = new AbortController().signal
      const words = ['inspect', '--type=container', '--format={{.State.Running}}', container.id]
      const { exitCode, stdout, stderr } = await project.engine.ask(words, { signal: never })
      return exitCode === 0 ? stdout.trim() === 'false' : /no such container/i.test(stderr)
    },
  }
}

/** The error about a service in which nothing can be run now. */
function notRunning(service: string, container: Container | undefined, known: readonly string[]): AngeeError {
  if (!known.includes(service)) {
    return new Failure('SERVICE_NOT_RUNNING', `the Compose project has no service ${service}`, {
      hint: `Its services: ${known.join(', ')}. Correct the name in angee.yaml or in the Compose file.`,
      context: { service },
    })
  }
  const state = container?.state ?? 'not created'
  return new Failure('SERVICE_NOT_RUNNING', `service ${service} is ${state}, and commands need it to run`, {
    hint: state === 'paused' ? `Run: docker compose unpause ${service}` : `Run: docker compose up -d ${service}`,
    context: { service, state },
    retry: 'later',
  })
}
