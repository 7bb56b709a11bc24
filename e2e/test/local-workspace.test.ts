import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { engineSuite, provisionedFact } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee, must, run } from '../support/angee.ts'
import { type CompiledStack, compiledStack } from '../support/compiled-stack.ts'
import { experimentTemplates } from '../support/experiment-templates.ts'

const digest = "select md5(string_agg(i || name || v::text, ',' order by i)) from items"

/** The real process-compose where it is installed, else the stand-in for it that its runtime is tested on. */
const standIn = new URL('../../packages/runtime-proccompose/test/stand-in/bin', import.meta.url).pathname
const path = [
  provisionedFact('POSTGRES_BIN') ?? '',
  ...(provisionedFact('PROCESS_COMPOSE') === undefined ? [standIn] : []),
  process.env['PATH'] ?? '',
].join(':')

engineSuite(
  'a snapshot made on Docker Compose, restored into processes of this machine',
  ['docker', 'postgres-image', 'postgres'],
  () => {
    let main: CompiledStack
    let root: string

    beforeAll(async () => {
      main = await compiledStack({ name: 'main' })
      await main.must('stack', 'up')
      await main.sql(
        'create extension vector; create table items as select i, md5(i::text) as name, array[i, i / 3.0]::vector(2) as v from generate_series(1, 2000) i',
      )
      await mkdir(join(main.root, 'data/uploads'))
      await writeFile(join(main.root, 'data/uploads/picture'), 'pixels')
      await main.must('stack', 'backup', '--name', 'monday')
      await experimentTemplates(main.root)
      root = join(main.root, 'workspaces/local/stack')
    })
    afterAll(async () => {
      await angee(main.root, ['workspace', 'destroy', 'local', '--purge', '--yes'], { PATH: path })
      await main[Symbol.asyncDispose]()
    })

    const sql = (statement: string): Promise<string> =>
      must('psql', ['-v', 'ON_ERROR_STOP=1', '-Atqc', statement], root, {
        PATH: path,
        PGHOST: join(root, 'data/pgdata'),
        PGUSER: 'app',
        PGDATABASE: 'app',
      })

    it('boots with its rows, vectors and files, and migrates them', async () => {
      const create = ['workspace', 'create', 'local', '--template', 'local', '--restore', 'monday']
      const made = await angee(main.root, create, { PATH: path })
      expect(made.code, made.stderr).toBe(0)
      expect(await sql(digest)).toBe(await main.sql(digest))
      expect(await sql('select count(*) from items where not checked')).toBe('2000\n')
      expect(await readFile(join(root, 'data/uploads/picture'), 'utf8')).toBe('pixels')
    })

    it('is snapshot there, and that snapshot is restored into containers again', async () => {
      await sql("update items set name = 'local' where i <= 10")
      const taken = await angee(root, ['stack', 'backup', '--name', 'tuesday'], { PATH: path })
      expect(taken.code, taken.stderr).toBe(0)
      const copied = await angee(root, ['stack', 'backup', 'copy', 'tuesday', '--to', join(main.root, 'backups')], {
        PATH: path,
      })
      expect(copied.code, copied.stderr).toBe(0)
      await main.must('stack', 'backup', 'reindex')
      const restored = await main.angee('stack', 'restore', 'tuesday', '--yes')
      expect(restored.code, restored.stderr).toBe(0)
      expect(await main.sql("select count(*) from items where name = 'local'")).toBe('10\n')
    })

    it('is destroyed without a trace', async () => {
      const destroyed = await angee(main.root, ['workspace', 'destroy', 'local', '--purge', '--yes'], { PATH: path })
      expect(destroyed.code, destroyed.stderr).toBe(0)
      const { code } = await run('ls', [join(main.root, 'workspaces/local')], '/')
      expect(code).not.toBe(0)
      expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(main.root)
    })
  },
)
