import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AngeeError } from '@angee/core'
import { readDotEnv } from './definition.ts'
import { pairs, parseEnvFile } from './env-file.ts'

/** What the environment of a process is made of. Variables in texts have been put in already. */
export interface EnvironmentLayers {
  service: string
  /** Where process-compose was started: `.env` lies there, and relative paths start there. */
  directory: string
  /** Whether the process takes the variables of `.env`. */
  dotEnv: boolean
  /** The environment process-compose itself was started with. */
  system: Readonly<Record<string, string | undefined>>
  /** `environment:` of the file. */
  project: readonly string[]
  /** `env_file:` of the process. */
  envFile: string | undefined
  /** `environment:` of the process. */
  process: readonly string[]
  /** What a process of a file that angee wrote takes in when it starts. */
  taken: Readonly<Record<string, string>>
}

/**
 * The environment process-compose gives a process. Low to high: its own two variables, `.env`, the system's
 * environment, the project's, the process's env_file, the process's own.
 */
export async function layeredEnvironment(layers: EnvironmentLayers): Promise<Record<string, string | undefined>> {
  return {
    PC_PROC_NAME: layers.service,
    PC_REPLICA_NUM: '0',
    ...(layers.dotEnv ? await readDotEnv(layers.directory) : {}),
    ...layers.system,
    ...pairs(layers.project),
    ...(await fromEnvFile(layers)),
    ...pairs(layers.process),
    ...layers.taken,
  }
}

async function fromEnvFile({ service, directory, envFile }: EnvironmentLayers): Promise<Record<string, string>> {
  if (!envFile) return {}
  const file = resolve(directory, envFile)
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
