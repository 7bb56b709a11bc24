import { AngeeError } from '@angee/core'
import { execa } from 'execa'

const install = "Install restic 0.18 or newer (https://restic.net), or name one as program among the backend's options."

/** BACKEND_UNAVAILABLE unless the program is a restic new enough: older ones have no exit codes to tell by. */
export async function requireVersion(
  program: string,
  environment: Readonly<Record<string, string>>,
  directory: string,
): Promise<string> {
  const { stdout, exitCode, cause } = await execa(program, ['version'], {
    cwd: directory,
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: 30_000,
  })
  const [, version = '', major, minor] = /^restic (?:v)?((\d+)\.(\d+)[^\s]*)/m.exec(stdout ?? '') ?? []
  if (exitCode !== 0 || version === '') {
    throw new AngeeError('BACKEND_UNAVAILABLE', `there is no restic: "${program}" cannot be run`, {
      hint: install,
      context: { program },
      cause,
    })
  }
  if (Number(major) > 0 || Number(minor) >= 18) return version
  throw new AngeeError('BACKEND_UNAVAILABLE', `${program} is restic ${version}, and 0.18 or newer is needed`, {
    hint: install,
    context: { program, version },
  })
}
