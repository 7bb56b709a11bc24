import { spawn } from 'node:child_process'
import { get } from 'node:http'
import type { Declared, Loaded } from './load.ts'

/** Runs one check of a readiness probe. */
export function succeeds(
  probe: NonNullable<Declared['readiness_probe']>,
  { shell_command, shell_argument }: Loaded['shell'],
  env: NodeJS.ProcessEnv,
  cwd: string | undefined,
): Promise<boolean> {
  const timeout = (probe.timeout_seconds ?? 1) * 1000
  return new Promise((done) => {
    if (probe.exec !== undefined) {
      const where = probe.exec.working_dir ?? cwd
      const options = { env, timeout, stdio: 'ignore' as const, ...(where === undefined ? {} : { cwd: where }) }
      const child = spawn(shell_command, [shell_argument, probe.exec.command], options)
      child.once('error', () => done(false))
      child.once('exit', (code) => done(code === 0))
      return
    }
    const { host = '127.0.0.1', port = 80, path = '/', status_code = 200 } = probe.http_get ?? {}
    const request = get({ host, port, path, timeout }, (response) => {
      response.resume()
      done(response.statusCode === status_code)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => done(false))
  })
}
