import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'
import { must, run } from './angee.ts'

/** A stack of the Postgres recipe for processes of this machine, with its own files and a directory of uploads. */
export interface PostgresStack extends AsyncDisposable {
  directory: string
  env: Record<string, string>
  sql(statement: string): Promise<string>
  /** Everything in the database as text that is equal exactly when the content is. */
  dump(): Promise<string>
  /** Writes angee.yaml with these top-level keys beside those of the recipe. Values are JSON, which is YAML. */
  declare(keys: Record<string, unknown>): Promise<void>
}

/** Starts Postgres in `directory`; disposing ends it. */
export type StartPostgres = (directory: string, env: Record<string, string>) => Promise<AsyncDisposable>

const recipe = new URL('../../recipes/postgres/', import.meta.url).pathname
const binaries = provisionedFact('POSTGRES_BIN') ?? ''
const account = provisionedFact('POSTGRES_ACCOUNT') ?? 'postgres'

export async function postgresStack(
  name: string,
  keys: Record<string, unknown>,
  start: StartPostgres,
): Promise<PostgresStack> {
  const directory = await mkdtemp(join(tmpdir(), `angee-${name}-`))
  const manifest = await readFile(join(recipe, 'local.yaml'), 'utf8')
  const withUploads = manifest.replace(/^persist:\n/m, 'persist:\n  uploads: { subpath: ./data/uploads }\n')
  const declare = async (more: Record<string, unknown>): Promise<void> => {
    const lines = Object.entries({ name, ...more }).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    await writeFile(join(directory, 'angee.yaml'), `${lines.join('')}${withUploads}`)
  }
  await declare(keys)
  await cp(join(recipe, 'process-compose.yaml'), join(directory, 'process-compose.yaml'))
  await mkdir(join(directory, 'data', 'uploads'), { recursive: true })
  await mkdir(join(directory, 'run'))
  const env = {
    PATH: `${binaries}:${process.env['PATH']}`,
    PWD: directory,
    PGHOST: join(directory, 'run'),
    PGUSER: 'app',
    PGDATABASE: 'app',
  }
  await must('chown', ['-R', account, directory], '/')
  const cluster = ['--no-sync', '-D', 'data/pgdata', '-U', 'app', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8']
  await must('setpriv', asAccount(['initdb', ...cluster]), directory, env)
  const server = await start(directory, env)
  const psql = (database: string, statement: string) =>
    must('psql', ['-d', database, '-v', 'ON_ERROR_STOP=1', '-Atqc', statement], directory, env)
  for (let attempt = 0; !(await answers(directory, env)); attempt++) {
    if (attempt === 100) throw new Error('Postgres did not start')
    await wait(100)
  }
  await psql('postgres', 'create database app')
  return {
    directory,
    env,
    sql: (statement) => psql('app', statement),
    dump: () => must('pg_dump', ['--restrict-key=fixed', 'app'], directory, env),
    declare,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Postgres as anybody would start it by hand. */
export const startedByHand: StartPostgres = async (directory, env) => {
  const words = [
    'postgres',
    '-D',
    './data/pgdata',
    '-k',
    env['PGHOST'] ?? '',
    '-c',
    'listen_addresses=',
    '-c',
    'fsync=off',
  ]
  return ending(spawnIn(directory, env, words), 'SIGINT')
}

/** The recipe's own process-compose.yaml, run by the real process-compose under the account Postgres accepts. */
export const supervised: StartPostgres = async (directory, env) => {
  const socket = join(directory, 'run', 'process-compose.sock')
  return ending(
    spawnIn(directory, env, ['process-compose', 'up', '-t=false', '--keep-project', '-U', '-u', socket]),
    'SIGTERM',
  )
}

/** Postgres refuses to run as root. */
function asAccount(words: readonly string[]): string[] {
  return [`--reuid=${account}`, `--regid=${account}`, '--clear-groups', ...words]
}

function spawnIn(cwd: string, env: Record<string, string>, words: readonly string[]): ChildProcess {
  return spawn('setpriv', asAccount(words), { cwd, env: { ...process.env, ...env }, stdio: 'ignore' })
}

async function answers(directory: string, env: Record<string, string>): Promise<boolean> {
  return (await run('psql', ['-d', 'postgres', '-c', 'select 1'], directory, env)).code === 0
}

function ending(child: ChildProcess, signal: NodeJS.Signals): AsyncDisposable {
  const over = new Promise((resolve) => child.once('exit', resolve))
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill(signal)
      await over
    },
  }
}
