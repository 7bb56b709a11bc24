import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { containerPlace, type Place, provisioned, until } from './place.ts'
import { must, recipeService, runProgram } from './recipe.ts'

/** A Postgres that hooks can be run beside, as angee would run them. */
export interface PostgresPlace extends Place {
  /** Stops the server; hooks then find nobody. */
  stop(): Promise<void>
}

/** Postgres in a container of the test image, started as the recipe says. */
export async function postgresContainer(recipe: string): Promise<PostgresPlace> {
  const place = await containerPlace(provisioned('POSTGRES_IMAGE'), recipeService(recipe, 'postgres'), [])
  await until(place, ready)
  return { ...place, stop: async () => void (await must(place.shell('pg_ctl --version && kill -INT 1'))) }
}

const ready = 'psql -U app -qc "select 1"'

/** Postgres as a process of this machine, run by `account` because Postgres refuses root. */
export async function postgresProcess(binaries: string, account: string): Promise<PostgresPlace> {
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
  await until(place, 'psql -d postgres -qc "select 1"')
  await must(run('createdb app'))
  return place
}
