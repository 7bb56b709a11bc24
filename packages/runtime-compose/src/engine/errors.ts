import { AngeeError, redact } from '@angee/core'
import type { Answer } from './engine.ts'

/** Lines of the engine's words that an error carries. */
const lineLimit = 8

/** What the engine said when it said no, as RUNTIME_UNAVAILABLE or RUNTIME_FAILED with a next step. */
export function engineError(words: readonly string[], { exitCode, stderr, stdout }: Answer): AngeeError {
  const said = lastLines(stderr || stdout)
  const unreachable = reasons.find(({ pattern }) => pattern.test(said))
  if (unreachable) {
    const { problem, hint } = unreachable
    return new AngeeError('RUNTIME_UNAVAILABLE', `${problem}: ${said}`, { hint, retry: 'later' })
  }
  const shown = ['docker', ...words].join(' ')
  return new AngeeError('RUNTIME_FAILED', `${shown} ended with ${exitCode ?? 'a signal'}: ${said}`, {
    hint: hints.find(({ pattern }) => pattern.test(said))?.hint ?? 'Run that command in the stack root to see more.',
    context: { exitCode },
  })
}

export const fileHint =
  'Run: angee stack up. Or put compose.yaml beside angee.yaml, or name the file in the options of the compose runtime.'

const hints = [
  { pattern: /no configuration file/, hint: fileHint },
  {
    pattern: /required variable .* is missing a value/,
    hint: 'It is a secret of the stack: angee stack up gives it to its services.',
  },
  {
    pattern: /port is already allocated|address already in use/,
    hint: 'Another container or program has that port: stop it, or publish another one under ports:.',
  },
  {
    pattern: /bind source path does not exist/,
    hint: 'Make that directory, correct the path under mounts:, or declare it under persist: if it holds data.',
  },
  {
    pattern: /container name .* is already in use/,
    hint: 'Remove that container, or take container_name out of the definition.',
  },
]

const reasons = [
  {
    pattern: /permission denied.*(docker\.sock|docker daemon|connect)/is,
    problem: 'this user may not use the Docker engine',
    hint: 'Run: sudo usermod -aG docker "$USER" (and log in again), or run angee as a user that may.',
  },
  {
    pattern:
      /cannot connect to the docker daemon|error during connect|failed to connect to the docker|is the docker daemon running/i,
    problem: 'the Docker engine does not answer',
    hint: 'Start it, then see that `docker info` answers. DOCKER_HOST and `docker context` decide which engine is asked.',
  },
  {
    pattern: /is not a docker command|unknown command: docker compose|unknown (shorthand )?flag/i,
    problem: 'docker has no compose plugin',
    hint: 'Install the Docker Compose plugin 2.26 or newer, until `docker compose version` answers.',
  },
]

export function missingDocker(cause: unknown): AngeeError {
  return new AngeeError('RUNTIME_UNAVAILABLE', 'docker is not installed: no program of that name is on PATH', {
    hint: 'Install Docker with the Compose plugin 2.26 or newer, until `docker compose version` answers.',
    retry: 'later',
    cause,
  })
}

export function missingDirectory(directory: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `the stack root ${directory} does not exist`, {
    hint: 'Name an existing one with --root.',
    context: { directory },
  })
}

/** The end of what was said, without blank lines, without what only tells of progress, and without secrets. */
export function lastLines(text: string, limit = lineLimit): string {
  const lines = redact(text)
    .trim()
    .split(/\s*\n\s*/)
    .filter((line) => !progress.test(line))
  return lines.slice(-limit).join('\n')
}

const progress =
  /^(Network|Container|Volume|Image) \S+ +(Creat|Start|Stopp|Remov|Recreat|Wait|Pull|Runn|Build|Built|Exit|Healthy)\w*$/
