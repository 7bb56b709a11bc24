import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'
import { type Outcome, runProgram } from './recipe.ts'

/** A Postgres that hooks can be run beside, as angee would run them. */
export interface PostgresPlace extends AsyncDisposable {
  /** Runs a shell command where the service runs, with the environment of the service. */
  shell(command: string, input?: Buffer, environment?: Record<string, string>): Promise<Outcome>
  /** Stops the server; hooks then find nobody. */
  stop(): Promise<void>
}

/** What scripts/provision wrote down under that key. */
export function provisioned(key: string): string {
  const value = provisionedFact(key)
  if (value === undefined) throw new Error(`scripts/provision has not written ${key}`)
  return value
}

/** Postgres in a container of the test image. */
export async function containerPlace(image: string): Promise<PostgresPlace> {
  const name = `angee-recipe-${process.pid}`
  const settings = ['POSTGRES_USER=app', 'POSTGRES_DB=app', 'POSTGRES_PASSWORD=only-for-tests'].flatMap((pair) => [
    '-e',
    pair,
  ])
  await must(runProgram(['docker', 'run', '-d', '--name', name, ...settings, image]))
  const place: PostgresPlace = {
    shell: (command, input, environment = {}) => {
      const given = Object.entries(environment).flatMap(([key, value]) => ['-e', `${key}=${value}`])
      return runProgram(['docker', 'exec', '-i', ...given, name, '/bin/sh', '-c', command], input)
    },
    stop: async () => void (await must(place.shell('pg_ctl --version && kill -INT 1'))),
    [Symbol.asyncDispose]: async () => void (await runProgram(['docker', 'rm', '-f', '-v', name])),
  }
  await ready(place)
  return place
}

/** Postgres as a process of this machine, run by `account` because Postgres refuses root. */
export async function hostPlace(binaries: string, account: string): Promise<PostgresPlace> {
  const root = await mkdtemp(join(tmpdir(), 'angee-pg-'))
  await chmod(root, 0o711)
  const as = process.getuid?.() === 0 ? ['setpriv', `--reuid=${account}`, `--regid=${account}`, '--clear-groups'] : []
  const environment = { PATH: `${binaries}:${process.env['PATH']}`, PGHOST: root, PGUSER: 'app', PGDATABASE: 'app' }
  const data = join(root, 'data')
  const run = (command: string, input?: Buffer, more: Record<string, string> = {}) =>
    runProgram([...as, '/bin/sh', '-c', command], input, { ...environment, ...more }, '/')
  if (as.length > 0) await must(runProgram(['chown', account, root]))
  await must(run(`initdb --no-sync -D ${data} -U app --auth=trust --encoding=UTF8 --locale=C.UTF-8`))
  const [program = '', ...words] = [
    ...as,
    join(binaries, 'postgres'),
    '-D',
    data,
    '-k',
    root,
    '-c',
    'listen_addresses=',
    '-c',
    'fsync=off',
  ]
  const server = spawn(program, words, { stdio: 'ignore', cwd: '/' })
  const ended = new Promise((done) => server.once('exit', done))
  const place: PostgresPlace = {
    shell: run,
    stop: async () => {
      server.kill('SIGINT')
      await ended
    },
    [Symbol.asyncDispose]: async () => {
      await place.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
  await ready(place, 'postgres')
  await must(run('createdb app'))
  return place
}

async function ready(place: PostgresPlace, database = 'app'): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if ((await place.shell('psql -U app -qc "select 1"', undefined, { PGDATABASE: database })).code === 0) return
    await wait(200)
  }
  throw new Error('Postgres did not come up')
}

/** The output of what must succeed. */
export async function must(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return stdout.toString()
}
