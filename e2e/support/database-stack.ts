import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run } from './angee.ts'

/** A stack of Postgres with pgvector, uploads and a nested persist entry, on Docker Compose. */
export interface DatabaseStack extends AsyncDisposable {
  directory: string
  compose(...args: string[]): Promise<string>
  sql(statement: string): Promise<string>
}

export const rows = 200_000
export const dimensions = 8

/** Writes a stack into a directory of its own. `backups` is where its snapshots go. */
export async function databaseStack(
  name: string,
  backups: string,
  hook: Record<string, string> = {},
): Promise<DatabaseStack> {
  const parent = await mkdtemp(join(tmpdir(), 'angee-e2e-'))
  const directory = join(parent, `${name}-${randomBytes(4).toString('hex')}`)
  await mkdir(directory)
  await writeFile(join(directory, 'angee.yaml'), manifest(name, backups, hook))
  await writeFile(join(directory, 'docker-compose.yaml'), composeFile)
  const compose = (...args: string[]): Promise<string> => must('docker', ['compose', ...args], directory)
  return {
    directory,
    compose,
    sql: (statement) =>
      compose('exec', '-T', 'postgres', 'psql', '-U', 'app', '-d', 'app', '-v', 'ON_ERROR_STOP=1', '-Atqc', statement),
    [Symbol.asyncDispose]: async () => {
      await run('docker', ['compose', 'down', '-v', '-t', '0'], directory)
      await rm(parent, { recursive: true, force: true })
    },
  }
}

/** Two hundred thousand rows with vectors, uploads with links and odd names, a nested entry, a secret beside them. */
export async function fill(stack: DatabaseStack): Promise<void> {
  const { directory } = stack
  await mkdir(join(directory, 'data', 'uploads', 'deep'), { recursive: true })
  await mkdir(join(directory, 'data', 'chrome'), { recursive: true })
  for (let index = 0; index < 200; index++)
    await writeFile(join(directory, 'data', 'uploads', `file-${index}`), randomBytes(index * 37))
  await writeFile(join(directory, 'data', 'uploads', 'deep', 'ünïcode'), 'x'.repeat(5_000_000))
  await symlink('../file-1', join(directory, 'data', 'uploads', 'deep', 'link'))
  await writeFile(join(directory, 'data', 'chrome', 'profile'), randomBytes(100_000))
  await writeFile(join(directory, 'data', 'notes'), 'beside the nested and the covered entry')
  await stack.compose('up', '-d', '--wait')
  await stack.sql('create extension vector')
  await stack.sql(`create table items (id int primary key, name text, embedding vector(${dimensions}))`)
  await stack.sql(
    `select setseed(0.5); insert into items select i, md5(i::text), array(select (random() * 2 - 1 + i * 0)::real from generate_series(1, ${dimensions}))::vector from generate_series(1, ${rows}) i`,
  )
  await stack.sql('create index on items using hnsw (embedding vector_l2_ops) with (m = 4, ef_construction = 8)')
  await stack.sql(
    'create table ticks (id int primary key, pair int); create table tocks (id int primary key, pair int)',
  )
}

/** Everything in the database as text that is equal exactly when the content is. */
export async function dumpDigest(stack: DatabaseStack): Promise<string> {
  const dump = await stack.compose('exec', '-T', 'postgres', 'pg_dump', '-U', 'app', '--restrict-key=fixed', 'app')
  return createHash('sha256').update(dump).digest('hex')
}

/** Every row of a table in the order of its id, one a line. */
export async function allRows(stack: DatabaseStack, table: string): Promise<string[]> {
  return (await stack.sql(`copy (select * from ${table} order by id) to stdout`)).trimEnd().split('\n')
}

const composeFile = `
services:
  postgres:
    image: angee-test/postgres:17
    environment: { POSTGRES_USER: app, POSTGRES_DB: app, POSTGRES_PASSWORD: ordinary }
    volumes: ["./data/pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: [CMD, pg_isready, -U, app, -d, app], interval: 1s, retries: 60 }
  web:
    image: angee-test/base:trixie
    command: [sleep, infinity]
    init: true
    volumes: ["./data/uploads:/uploads"]
`

function manifest(name: string, backups: string, hook: Record<string, string>): string {
  const dump = hook['dump'] ?? 'pg_dump -Fc -U app app'
  const restore = hook['restore'] ?? 'pg_restore --clean --if-exists --single-transaction --exit-on-error -U app -d app'
  const extra = Object.entries(hook).filter(([key]) => key !== 'dump' && key !== 'restore')
  return `
name: ${name}
backup_backend: { type: localfs, path: ${backups} }
persist:
  app-data: { subpath: ./data, scope: stack }
  chrome-profile: { subpath: ./data/chrome, scope: stack }
  pgdata: { subpath: ./data/pgdata, scope: stack }
services:
  postgres:
    runtime: container
    backup:
      dump: ${JSON.stringify(dump)}
      restore: ${JSON.stringify(restore)}
      covers: [pgdata]
${extra.map(([key, value]) => `      ${key}: ${value}`).join('\n')}
  web: { runtime: container }
`
}
