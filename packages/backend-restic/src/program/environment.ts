import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { registerSecret } from '@angee/core'
import type { ResticOptions } from '../options.ts'
import type { RepositoryPlace } from '../repository/place.ts'

/** Variables that would contradict what the options say, or let restic store under another host. */
const ours = ['RESTIC_REPOSITORY', 'RESTIC_REPOSITORY_FILE', 'RESTIC_HOST', 'RESTIC_PROGRESS_FPS']
/** Variables that are no secret, and whose values (a region, a path) would be missed in messages. */
const plain = /^(RESTIC_(?!.*PASSWORD).*|AWS_PROFILE|.*_REGION|TMPDIR|HOME|PATH)$/
const passwords = ['RESTIC_PASSWORD', 'RESTIC_PASSWORD_FILE', 'RESTIC_PASSWORD_COMMAND']

/**
 * The environment restic runs in: that of this process, the options' own variables, the repository and its password.
 * Where the options give no password, restic's own variables of this process do.
 */
export function resticEnvironment(
  options: ResticOptions,
  place: RepositoryPlace,
  stackRoot: string,
  own: NodeJS.ProcessEnv,
): Record<string, string> {
  const { password, password_file: file, password_command: command } = options
  const given: Record<string, string> = {
    ...(password === undefined ? {} : { RESTIC_PASSWORD: password }),
    ...(file === undefined ? {} : { RESTIC_PASSWORD_FILE: resolve(stackRoot, file) }),
    ...(command === undefined ? {} : { RESTIC_PASSWORD_COMMAND: command }),
  }
  const taken = new Set(Object.keys(given).length === 0 ? ours : [...ours, ...passwords])
  const inherited = Object.entries({ ...own, ...options.environment }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !taken.has(entry[0]),
  )
  const environment = {
    ...Object.fromEntries(inherited),
    ...given,
    RESTIC_REPOSITORY: place.url,
    RESTIC_PROGRESS_FPS: '2',
  }
  for (const [name, value] of Object.entries(options.environment ?? {})) if (!plain.test(name)) registerSecret(value)
  registerPassword(environment)
  return environment
}

/** restic reads the file itself; what it would print of it must not be shown. */
function registerPassword(environment: Readonly<Record<string, string>>): void {
  const { RESTIC_PASSWORD: password, RESTIC_PASSWORD_FILE: file } = environment
  if (password !== undefined) registerSecret(password)
  if (file === undefined) return
  try {
    registerSecret(readFileSync(file, 'utf8').trim())
  } catch {
    // restic says what is wrong with it.
  }
}
