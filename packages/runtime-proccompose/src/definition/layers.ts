import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AngeeError } from '@angee/core'
import { expand, pairs, parseEnvFile } from './env-file.ts'

/** What the environment of a process is made of. */
export interface EnvironmentLayers {
  service: string
  /** Where process-compose was started: `.env` lies there, and relative paths start there. */
  directory: string
  /** Whether the process takes the variables of `.env`. */
  dotEnv: boolean
  /** The environment process-compose itself was started with. */
  system: Readonly<Record<string, string | undefined>>
  /** `environment:` of the file, as written. */
  project: readonly string[]
  /** `env_file:` of the process. */
  envFile: string | undefined
  /** `environment:` of the process, as written or as the server expanded it. */
  process: readonly string[]
}

/**
 * The environment process-compose gives a process. Low to high: its own two variables, `.env`, the system's
 * environment, the project's, the process's env_file, the process's own.
 */
export async function layeredEnvironment(layers: EnvironmentLayers): Promise<Record<string, string | undefined>> {
  const dotEnv = parseEnvFile(await readFile(join(layers.directory, '.env'), 'utf8').catch(() => ''))
  const known = { ...dotEnv, ...layers.system }
  const written = (list: readonly string[]) => pairs(list.map((pair) => expand(pair, known)))
  return {
    PC_PROC_NAME: layers.service,
    PC_REPLICA_NUM: '0',
    ...(layers.dotEnv ? dotEnv : {}),
    ...layers.system,
    ...written(layers.project),
    ...(await fromEnvFile(layers, known)),
    ...written(layers.process),
  }
}

async function fromEnvFile(
  { service, directory, envFile }: EnvironmentLayers,
  known: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  if (!envFile) return {}
  const file = resolve(directory, expand(envFile, known))
  try {
    return parseEnvFile(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new AngeeError('RUNTIME_FAILED', `the env_file of ${service} cannot be read: ${(cause as Error).message}`, {
      hint: `Put ${file} in place, or correct env_file of process ${service}.`,
      context: { service, file },
      cause,
    })
  }
}
