import { AngeeError, type Context, isAngeeError } from '@angee/core'
import { execa } from 'execa'
import type { Engine } from './engine.ts'

const oldest = { major: 2, minor: 26 }

/**
 * The version of Docker Compose. RUNTIME_TOO_OLD below 2.26, whose predecessors lose exit codes and input;
 * RUNTIME_UNAVAILABLE when there is none.
 */
export async function composeVersion(engine: Engine, own: NodeJS.ProcessEnv, ctx: Context): Promise<string> {
  try {
    const version = (await engine.call(['compose', 'version', '--short'], ctx)).trim().replace(/^v/, '')
    if (!isNewEnough(version)) throw tooOld(version)
    return version
  } catch (error) {
    if (!isAngeeError(error, 'RUNTIME_UNAVAILABLE')) throw error
    const first = await firstGeneration(own, ctx)
    throw first === undefined ? error : tooOld(first)
  }
}

/** Whether that version is 2.26 or newer. */
export function isNewEnough(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor)
}

/** The version of a `docker-compose` of the first generation, for a clearer error than "no compose plugin". */
async function firstGeneration(own: NodeJS.ProcessEnv, { signal }: Context): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('docker-compose', ['version', '--short'], {
    env: own,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  })
  return exitCode === 0 && stdout.startsWith('1.') ? stdout.trim() : undefined
}

function tooOld(version: string): AngeeError {
  const needed = `${oldest.major}.${oldest.minor}`
  return new AngeeError('RUNTIME_TOO_OLD', `Docker Compose is ${version}; angee needs ${needed} or newer`, {
    hint: `Install the Docker Compose plugin ${needed} or newer, until \`docker compose version\` shows it.`,
    context: { found: version, needed },
  })
}
