import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { manifestOf, postgresImage } from '../e2e/support/compiled-stack.ts'
import { experimentTemplates } from '../e2e/support/experiment-templates.ts'
import { medianOf } from './measure.ts'

/*
 * From the command to a usable database:
 *
 *   pnpm bench:workspace [--rounds 3] [--mib 1024]
 *
 * `angee workspace create --restore` of a snapshot with a dump of that size, beside a bare container of the same image into
 * which pg_restore reads the same dump. Both begin with nothing and end when a query is answered. They take turns.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, mib: { type: 'string', default: '1024' } },
})
const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname
const place = mkdtempSync(join(process.env['ANGEE_BENCH_DIR'] ?? tmpdir(), 'angee-bench-'))
const [stack, bare] = [join(place, 'main'), join(place, 'bare')]

const bareStack = `name: angee-bench-bare
services:
  postgres:
    image: ${postgresImage}
    environment: { POSTGRES_USER: app, POSTGRES_DB: app, POSTGRES_PASSWORD: bench }
    volumes: ["./pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, app, -d, app], interval: 1s, retries: 60 }
`

try {
  for (const directory of [stack, bare]) mkdirSync(directory)
  writeFileSync(join(stack, 'angee.yaml'), manifestOf({ name: 'bench' }))
  await experimentTemplates(stack)
  angee('stack', 'up')
  const rows = Math.round((Number(values.mib) * 2 ** 20) / 330)
  sql(
    stack,
    `create table items as select i, repeat(md5(i::text), 10) as name, 0 as v from generate_series(1, ${rows}) i`,
  )
  sql(stack, 'alter table items add primary key (i)')
  angee('stack', 'backup', '--name', 'big')
  const dump = join(place, 'dump')
  shell(`docker compose exec -T postgres pg_dump -Fc --compress=0 -U app app > ${dump}`, stack)
  angee('stack', 'down')
  writeFileSync(join(bare, 'compose.yaml'), bareStack)

  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    ours.push(timed(() => createAndAsk(round)))
    theirs.push(timed(() => restoreBare(dump)))
    console.error(`  round ${round}: ${ours.at(-1)?.toFixed(1)} s, pg_restore ${theirs.at(-1)?.toFixed(1)} s`)
    angee('workspace', 'destroy', `round-${round}`, '--purge', '--yes')
    shell('docker compose down -v -t 0', bare)
    rmSync(join(bare, 'pgdata'), { recursive: true, force: true })
  }
  const [mine, other] = [medianOf(ours), medianOf(theirs)]
  console.log(
    `workspace create --restore ${mine.toFixed(1)} s, bare pg_restore ${other.toFixed(1)} s: ratio ${(mine / other).toFixed(2)}`,
  )
} finally {
  spawnSync(process.execPath, [main, '--root', stack, 'stack', 'down', '--volumes', '--yes'])
  rmSync(place, { recursive: true, force: true })
}

function createAndAsk(round: number): void {
  angee(
    'workspace',
    'create',
    `round-${round}`,
    '--template',
    'experiment',
    '--input',
    'db=postgres',
    '--restore',
    'big',
  )
  sql(join(stack, 'workspaces', `round-${round}`, 'stack'), 'select count(*) from items')
}

function restoreBare(dump: string): void {
  shell('docker compose up -d --wait', bare)
  shell(`docker compose exec -T postgres pg_restore --single-transaction --exit-on-error -U app -d app < ${dump}`, bare)
  sql(bare, 'alter table items add column checked boolean not null default false')
  sql(bare, 'select count(*) from items')
}

function angee(...words: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [main, '--root', stack, ...words], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`angee ${words.join(' ')} exited with ${status}\n${stderr}`)
}

function sql(directory: string, statement: string): void {
  shell(`docker compose exec -T postgres psql -U app -d app -v ON_ERROR_STOP=1 -Atqc "${statement}"`, directory)
}

function shell(command: string, cwd: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} exited with ${status}\n${stderr}`)
}

function timed(body: () => void): number {
  spawnSync('sync')
  const begun = performance.now()
  body()
  return (performance.now() - begun) / 1000
}
