import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angeeJson, must, run } from '../support/angee.ts'
import { startAngee } from '../support/angee-process.ts'
import { type CompiledStack, compiledStack, containersOf } from '../support/compiled-stack.ts'

const migrate = `exec psql -v ON_ERROR_STOP=1 -qc 'create table if not exists migrations (at int)' -c 'insert into migrations values (1)'`
const check = '\n      check: [psql, -U, app, -v, ON_ERROR_STOP=1, -c, "select 1 / count(*) from items"]'

engineSuite('a stack that angee brings up on Docker Compose', ['docker', 'postgres-image'], () => {
  let stack: CompiledStack

  beforeAll(async () => {
    stack = await compiledStack({ migrate, hook: check })
    const { stderr } = await stack.must('stack', 'up')
    expect(stderr).toContain('running job migrate')
    await stack.sql(
      'create extension vector; create table items as select i, md5(i::text) as name, array[i, i]::vector as v from generate_series(1, 1000) i',
    )
    await mkdir(join(stack.root, 'data/uploads'))
    await writeFile(join(stack.root, 'data/uploads/picture'), 'pixels')
  })
  afterAll(() => stack[Symbol.asyncDispose]())

  it('runs in the order of its dependencies, and up again leaves alone what runs as it should', async () => {
    const before = (await containersOf('up-')).length
    expect(await stack.sql('select count(*) from migrations')).toBe('1\n')
    const ids = await must('docker', ['compose', 'ps', '-q'], stack.root)
    await stack.must('stack', 'up')
    expect(await must('docker', ['compose', 'ps', '-q'], stack.root)).toBe(ids)
    expect((await containersOf('up-')).length).toBe(before)
    const { services } = await angeeJson<{ services: { service: string; state: string; health: string }[] }>(
      stack.root,
      ['stack', 'status'],
    )
    expect(services.map(({ service, state, health }) => [service, state, health])).toEqual([
      ['postgres', 'running', 'healthy'],
      ['web', 'running', 'none'],
    ])
  })

  it('keeps the generated password in one file of its owner, in no other file and no command line', async () => {
    const secrets = await readFile(join(stack.root, '.env'), 'utf8')
    const [, password = ''] = /^DB_PASSWORD=(.{24})$/m.exec(secrets) ?? []
    expect(password).not.toBe('')
    expect((await stat(join(stack.root, '.env'))).mode & 0o777).toBe(0o600)
    for (const name of await readdir(stack.root, { recursive: true, withFileTypes: true })) {
      const path = join(name.parentPath, name.name)
      if (!name.isFile() || name.name === '.env' || path.includes('/pgdata/')) continue
      expect((await readFile(path)).includes(password), path).toBe(false)
    }
    const { stdout } = await run('ps', ['-eo', 'args'], '/')
    expect(stdout).not.toContain(password)
  })

  it('is snapshot, and a drill proves the snapshot and leaves nothing behind', async () => {
    await stack.must('stack', 'backup', '--name', 'good')
    const containers = await containersOf('up-')
    const proven = await angeeJson<{ parts: { part: string; proof: string }[] }>(stack.root, [
      'stack',
      'backup',
      'drill',
      'good',
    ])
    expect(proven.parts).toEqual([
      { part: 'persist/files', proof: 'same digest' },
      { part: 'service/postgres', proof: 'checked' },
    ])
    expect(await containersOf('up-')).toEqual(containers)
    expect(await readdir(join(stack.root, 'run/drills'))).toEqual([])
    expect((await stack.must('stack', 'backup', 'show', 'good')).stdout).toMatch(/Restorable +proven/)
    expect(await stack.sql('select count(*) from items')).toBe('1000\n')
  })

  it('a drill of a snapshot without its rows fails by its check, and says so', async () => {
    await stack.sql('create table kept as table items; truncate items')
    await stack.must('stack', 'backup', '--name', 'hollow')
    const { code, stderr } = await stack.angee('stack', 'backup', 'drill', 'hollow')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/check hook of service postgres[\s\S]*division by zero/)])
    await stack.sql('insert into items table kept; drop table kept')
    expect((await stack.must('stack', 'backup', 'show', 'hollow')).stdout).not.toContain('Restorable')
  })

  it('a drill that is killed leaves what the next one removes', async () => {
    const { child, ended } = startAngee(stack.root, ['stack', 'backup', 'drill', 'good'])
    const original = await containersOf('up-')
    while ((await containersOf('up-')).length === original.length && child.exitCode === null) await wait(50)
    child.kill('SIGKILL')
    await ended
    expect(await readdir(join(stack.root, 'run/drills'))).toHaveLength(1)
    await stack.must('stack', 'backup', 'drill', 'good')
    expect(await readdir(join(stack.root, 'run/drills'))).toEqual([])
    expect(await containersOf('up-')).toEqual(original)
  })

  it('another stack of the same name shares nothing with it', async () => {
    await using other = await compiledStack({ migrate })
    await other.must('stack', 'up')
    expect(await other.sql("select to_regclass('items') is null")).toBe('t\n')
    await other.must('stack', 'down')
    expect(await stack.sql('select count(*) from items')).toBe('1000\n')
  })

  it('down removes what runs and leaves data; up brings it back', async () => {
    await stack.must('stack', 'down')
    expect(await must('docker', ['compose', 'ps', '-aq'], stack.root)).toBe('')
    expect(await readFile(join(stack.root, 'data/uploads/picture'), 'utf8')).toBe('pixels')
    await stack.must('stack', 'down')
    await stack.must('stack', 'up')
    expect(await stack.sql('select count(*) from items')).toBe('1000\n')
  })

  it('killed at any moment, up goes on the next time', async () => {
    for (const delay of [100, 400, 800, 1500, 3000]) {
      await stack.must('stack', 'down')
      const { child, ended } = startAngee(stack.root, ['stack', 'up'])
      await wait(delay)
      child.kill('SIGKILL')
      await ended
      await stack.must('stack', 'up')
      expect(await stack.sql('select count(*) from items')).toBe('1000\n')
      expect((await containersOf('up-')).filter((line) => !/-(postgres|web)-1$/.test(line))).toEqual([])
    }
  })
})
