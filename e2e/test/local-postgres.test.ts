import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SnapshotManifest } from '@angee/core'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee } from '../support/angee.ts'
import {
  type PostgresStack,
  postgresStack,
  type StartPostgres,
  startedByHand,
  supervised,
} from '../support/postgres-stack.ts'

/*
 * The Postgres recipe for processes of this machine: snapshot, and restore into a fresh stack in another directory. Once
 * under the real process-compose, once where no supervisor runs and the hooks are all there is.
 */
const rows = 200_000

function cases(start: StartPostgres): void {
  let backups: string
  let source: PostgresStack
  let target: PostgresStack

  beforeAll(async () => {
    backups = await mkdtemp(join(tmpdir(), 'angee-backups-'))
    const keys = { backup_backend: { type: 'localfs', path: backups } }
    source = await postgresStack('src', keys, start)
    target = await postgresStack('dst', keys, start)
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
    expect((await target.dump()) === (await source.dump())).toBe(true)
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

engineSuite('Postgres as a process of this machine, without a supervisor', ['postgres'], () => cases(startedByHand))
engineSuite('Postgres under process-compose', ['postgres', 'process-compose'], () => cases(supervised))
