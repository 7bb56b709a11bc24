import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { SnapshotManifest } from '@angee/core'
import { engineSuite, provisionedFact } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee, must, run } from '../support/angee.ts'

/*
 * The Postgres recipe for processes of this machine, with its own files: snapshot, and restore into a fresh stack in
 * another directory. Once under the real process-compose, once where no supervisor runs and the hooks are all there is.
 */
const recipe = new URL('../../recipes/postgres/', import.meta.url).pathname
const binaries = provisionedFact('POSTGRES_BIN') ?? ''
const account = provisionedFact('POSTGRES_ACCOUNT') ?? 'postgres'
const rows = 200_000

interface LocalStack extends AsyncDisposable {
  directory: string
  env: Record<string, string>
  sql(statement: string): Promise<string>
}

type Start = (directory: string, env: Record<string, string>) => Promise<AsyncDisposable>

async function localStack(name: string, backups: string, start: Start): Promise<LocalStack> {
  const directory = await mkdtemp(join(tmpdir(), `angee-${name}-`))
  const manifest = await readFile(join(recipe, 'local.yaml'), 'utf8')
  const uploads = 'persist:\n  uploads: { subpath: ./data/uploads }\n'
  await writeFile(
    join(directory, 'angee.yaml'),
    `name: ${name}\nbackup_backend: { type: localfs, path: ${backups} }\n${manifest.replace(/^persist:\n/m, uploads)}`,
  )
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
  const initdb = [
    'initdb',
    '--no-sync',
    '-D',
    'data/pgdata',
    '-U',
    'app',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
  ]
  await must('setpriv', [`--reuid=${account}`, `--regid=${account}`, '--clear-groups', ...initdb], directory, env)
  const server = await start(directory, env)
  const psql = (database: string, statement: string) =>
    must('psql', ['-d', database, '-v', 'ON_ERROR_STOP=1', '-Atqc', statement], directory, env)
  for (
    let attempt = 0;
    (await run('psql', ['-d', 'postgres', '-c', 'select 1'], directory, env)).code !== 0;
    attempt++
  ) {
    if (attempt === 100) throw new Error('Postgres did not start')
    await wait(100)
  }
  await psql('postgres', 'create database app')
  return {
    directory,
    env,
    sql: (statement) => psql('app', statement),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Postgres as anybody would start it by hand. */
const byHand: Start = async (directory, env) => {
  const words = [
    '--clear-groups',
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
  const child = spawn('setpriv', [`--reuid=${account}`, `--regid=${account}`, ...words], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  return { [Symbol.asyncDispose]: () => ended(child, 'SIGINT') }
}

/** The recipe's own process-compose.yaml, run by the real process-compose under the account Postgres accepts. */
const supervised: Start = async (directory, env) => {
  const words = [
    '--clear-groups',
    'process-compose',
    'up',
    '-t=false',
    '--keep-project',
    '-U',
    '-u',
    join(directory, 'run', 'process-compose.sock'),
  ]
  const child = spawn('setpriv', [`--reuid=${account}`, `--regid=${account}`, ...words], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  return { [Symbol.asyncDispose]: () => ended(child, 'SIGTERM') }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const over = new Promise((resolve) => child.once('exit', resolve))
  if (child.exitCode === null) {
    child.kill(signal)
    await over
  }
}

function cases(start: Start): void {
  let backups: string
  let source: LocalStack
  let target: LocalStack

  beforeAll(async () => {
    backups = await mkdtemp(join(tmpdir(), 'angee-backups-'))
    source = await localStack('src', backups, start)
    target = await localStack('dst', backups, start)
  })
  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
    await rm(backups, { recursive: true })
  })

  it('restores into a fresh stack, identical in rows, vectors and files', async () => {
    await source.sql('create extension vector')
    await source.sql('create table items (id int primary key, name text, embedding vector(4))')
    await source.sql(
      `select setseed(0.5); insert into items select i, md5(i::text), array[random(), random(), random(), i]::real[]::vector from generate_series(1, ${rows}) i`,
    )
    await writeFile(join(source.directory, 'data', 'uploads', 'letter'), 'kept')
    const taken = await angee(source.directory, ['stack', 'backup', '--name', 'local'], source.env)
    expect(taken.code, taken.stderr).toBe(0)
    const shown = await angee(source.directory, ['stack', 'backup', 'show', 'local', '--json'], source.env)
    const manifest = JSON.parse(shown.stdout) as SnapshotManifest
    expect(manifest.parts.map(({ part }) => part)).toEqual(['persist/uploads', 'service/postgres'])

    const restored = await angee(target.directory, ['stack', 'restore', 'local', '--yes'], target.env)
    expect(restored.code, restored.stderr).toBe(0)
    const all = 'copy (select * from items order by id) to stdout'
    const [expected, found] = [(await source.sql(all)).split('\n'), (await target.sql(all)).split('\n')]
    expect(found).toHaveLength(rows + 1)
    expect(found.findIndex((row, index) => row !== expected[index])).toBe(-1)
    const dump = (stack: LocalStack) => must('pg_dump', ['--restrict-key=fixed', 'app'], stack.directory, stack.env)
    expect((await dump(target)) === (await dump(source))).toBe(true)
    expect(await readFile(join(target.directory, 'data', 'uploads', 'letter'), 'utf8')).toBe('kept')
  })

  it('restores over live data and undoes it', async () => {
    await target.sql("create table mine as select 'precious' as word")
    const restored = await angee(target.directory, ['stack', 'restore', 'local', '--yes'], target.env)
    expect(restored.code, restored.stderr).toBe(0)
    expect(await target.sql("select count(*) from pg_tables where tablename = 'mine'")).toBe('0\n')
    const undone = await angee(target.directory, ['stack', 'restore', '--undo', '--yes'], target.env)
    expect(undone.code, undone.stderr).toBe(0)
    expect(await target.sql('select word from mine')).toBe('precious\n')
  })
}

engineSuite('Postgres as a process of this machine, without a supervisor', ['postgres'], () => cases(byHand))
engineSuite('Postgres under process-compose', ['postgres', 'process-compose'], () => cases(supervised))
