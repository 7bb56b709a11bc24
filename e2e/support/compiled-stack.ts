import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provisionedFact } from '@angee/testkit'
import { angee, must, type Run, run } from './angee.ts'

export const postgresImage = provisionedFact('POSTGRES_IMAGE') ?? 'angee-test/postgres:17'
export const baseImage = provisionedFact('BASE_IMAGE') ?? 'angee-test/base:trixie'

/** A stack whose Compose file angee writes: a database with its hook, a job that migrates it, a service that mounts files. */
export interface CompiledStack extends AsyncDisposable {
  root: string
  angee(...args: string[]): Promise<Run>
  /** Expects success. */
  must(...args: string[]): Promise<Run>
  sql(statement: string): Promise<string>
}

/** `more` is added to the manifest, `migrate` is what the job does, and `hook` is added to that of the database. */
export async function compiledStack(
  parts: { name?: string; more?: string; migrate?: string; hook?: string; env?: Record<string, string> } = {},
): Promise<CompiledStack> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'angee-up-')))
  // Services that are not root's have to get there.
  await chmod(parent, 0o755)
  const root = join(parent, `s${randomBytes(3).toString('hex')}`)
  await mkdir(root)
  await writeFile(join(root, 'angee.yaml'), manifestOf(parts))
  const stack = stackAt(root, parts.env)
  return {
    ...stack,
    [Symbol.asyncDispose]: async () => {
      await angee(root, ['stack', 'down', '--volumes', '--yes'])
      await rm(parent, { recursive: true, force: true })
    },
  }
}

/** The same for a stack that lies there already. */
export function stackAt(
  root: string,
  env: Record<string, string> = {},
): Omit<CompiledStack, typeof Symbol.asyncDispose> {
  const call = (...args: string[]) => angee(root, args, env)
  return {
    root,
    angee: call,
    must: async (...args) => {
      const result = await call(...args)
      if (result.code !== 0) throw new Error(`angee ${args.join(' ')} exited with ${result.code}\n${result.stderr}`)
      return result
    },
    sql: (statement) => {
      const psql = ['psql', '-U', 'app', '-d', 'app', '-v', 'ON_ERROR_STOP=1', '-Atqc', statement]
      return must('docker', ['compose', 'exec', '-T', 'postgres', ...psql], root, env)
    },
  }
}

/** Every container, running or not, of the Compose projects whose names begin with `prefix`. */
export async function containersOf(prefix: string): Promise<string[]> {
  const { stdout } = await run(
    'docker',
    ['ps', '-a', '--format', '{{.Label "com.docker.compose.project"}} {{.Names}}'],
    '/',
  )
  return stdout.split('\n').filter((line) => line.startsWith(prefix))
}

const hook = `
      dump: pg_dump --format=custom --compress=0 --username=app app
      restore: [pg_restore, --clean, --if-exists, --single-transaction, --exit-on-error, --username=app, --dbname=app]
      covers: [pgdata]`

export function manifestOf({
  name = 'up',
  more = '',
  migrate = 'true',
  hook: own = '',
}: Parameters<typeof compiledStack>[0] = {}) {
  return `name: ${name}
secrets: { db-password: { generated: true, length: 24 } }
persist:
  files: { subpath: ./data }
  pgdata: { subpath: ./data/pgdata }
services:
  postgres:
    image: ${postgresImage}
    env: { POSTGRES_USER: app, POSTGRES_DB: app, POSTGRES_PASSWORD: "\${secret.db-password}" }
    mounts: ["persist://pgdata:/var/lib/postgresql/data"]
    ready: { cmd: [pg_isready, -q, -h, 127.0.0.1, -U, app, -d, app], interval: 1s, retries: 60 }
    backup:${hook}${own}
  web:
    image: ${baseImage}
    command: [sleep, infinity]
    mounts: ["persist://files:/files:ro"]
    engine: { init: true, stop_grace_period: 0s }
    depends_on: [migrate]
jobs:
  migrate:
    image: ${postgresImage}
    env: { PGPASSWORD: "\${secret.db-password}", PGHOST: "\${service.postgres.host}", PGUSER: app, PGDATABASE: app }
    engine: { entrypoint: [] }
    command: ${JSON.stringify(migrate)}
    depends_on: [postgres]
${more}`
}
