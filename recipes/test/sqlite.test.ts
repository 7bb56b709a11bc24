import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSuite } from '@angee/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Outcome, recipeHook, runProgram } from './recipe.ts'

const hook = recipeHook('sqlite/local.yaml', 'app')
const database = hook.env['SQLITE_DB'] ?? ''
let root: string

const step = (command: unknown, input?: Buffer): Promise<Outcome> =>
  runProgram(['/bin/sh', '-c', String(command)], input, hook.env, root)
const sql = async (...statements: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runProgram([
    'sqlite3',
    '-bail',
    join(root, database),
    '.timeout 60000',
    ...statements,
  ])
  if (code !== 0) throw new Error(stderr)
  return stdout.toString()
}
const contents = () => sql('.dump')
const leftovers = async () => (await readdir(join(root, 'data/app-db'))).filter((name) => name.includes('angee'))

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'angee-sqlite-'))
  await runProgram(['mkdir', '-p', join(root, 'data/app-db')])
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** 20,000 rows; every transaction adds a pair of rows, so that a torn state shows as an odd count. */
async function makeDatabase(journal: 'wal' | 'delete'): Promise<void> {
  await sql(
    `PRAGMA journal_mode = ${journal}`,
    'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT, data BLOB)',
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO notes SELECT i, 'note ' || i, randomblob(500) FROM n",
    'CREATE TABLE pairs (x)',
  )
}

function startWriter(): ChildProcess {
  const writer = spawn('sqlite3', ['-bail', join(root, database)], { stdio: ['pipe', 'ignore', 'inherit'] })
  const pair = 'BEGIN IMMEDIATE;INSERT INTO pairs VALUES (1);INSERT INTO pairs VALUES (2);COMMIT;\n'
  writer.stdin?.on('error', () => undefined)
  writer.stdin?.write('.timeout 60000\n')
  const writing = setInterval(() => writer.stdin?.write(pair.repeat(5)), 5)
  writer.once('exit', () => clearInterval(writing))
  return writer
}

async function stopWriter(writer: ChildProcess): Promise<void> {
  const ended = new Promise((done) => writer.once('exit', done))
  writer.kill('SIGKILL')
  await ended
}

engineSuite('recipe sqlite', ['tools'], () => {
  it('is the same hook for container and local services', () => {
    expect(recipeHook('sqlite/container.yaml', 'app')).toEqual(hook)
  })

  it.each(['wal', 'delete'] as const)('dumps one state while others write, journal mode %s', async (journal) => {
    await makeDatabase(journal)
    const writer = startWriter()
    const dump = await step(hook.dump)
    await stopWriter(writer)
    expect(dump).toMatchObject({ code: 0, stderr: '' })

    const before = await sql('SELECT count(*), sum(length(body)) FROM notes')
    await sql('DELETE FROM notes', 'DROP TABLE pairs', 'CREATE TABLE later (x)')
    expect(await step(hook.restore, dump.stdout)).toMatchObject({ code: 0, stderr: '' })
    expect(await sql('SELECT count(*), sum(length(body)) FROM notes')).toBe(before)
    expect(Number(await sql('SELECT count(*) % 2 FROM pairs'))).toBe(0)
    expect(await sql("SELECT count(*) FROM sqlite_master WHERE name = 'later'")).toBe('0\n')
    expect(await sql('PRAGMA journal_mode')).toBe(`${journal}\n`)
    expect(await leftovers()).toEqual([])
  })

  it('restores the same contents under a process that keeps the database open', async () => {
    await makeDatabase('wal')
    const original = await contents()
    const dump = await step(hook.dump)
    await sql("UPDATE notes SET body = 'changed'")
    const writer = startWriter()
    expect((await step(hook.restore, dump.stdout)).code).toBe(0)
    // What the open process writes from now on lands in the restored database, not in a file without a name.
    const at = Number(await sql('SELECT count(*) FROM pairs'))
    while (Number(await sql('SELECT count(*) FROM pairs')) === at);
    await stopWriter(writer)
    await sql('DELETE FROM pairs')
    expect(await contents()).toBe(original)
  })

  it('restores where there is no database yet, and where there is a damaged one', async () => {
    await makeDatabase('delete')
    const original = await contents()
    const { stdout } = await step(hook.dump)
    await rm(join(root, 'data'), { recursive: true })
    expect((await step(hook.check)).code).not.toBe(0)
    expect((await step(hook.restore, stdout)).code).toBe(0)
    expect(await contents()).toBe(original)
    expect(await step(hook.check)).toMatchObject({ code: 0, stderr: '' })

    await writeFile(join(root, database), 'this was a database once'.repeat(1000))
    const { code, stderr } = await step(hook.restore, stdout)
    expect([code, stderr]).toEqual([0, expect.stringContaining('put aside')])
    expect(await contents()).toBe(original)
    expect(await readFile(join(root, `${database}.damaged`), 'utf8')).toContain('this was a database once')
  })

  it('fails to dump what is missing, empty, no database or damaged', async () => {
    const fails = async (words: RegExp) => {
      const { code, stdout, stderr } = await step(hook.dump)
      expect(code).not.toBe(0)
      expect(stderr).toMatch(words)
      expect(stdout.length).toBe(0)
      expect(await leftovers()).toEqual([])
    }
    await fails(/no database at/)
    expect(existsSync(join(root, database))).toBe(false)
    await writeFile(join(root, database), '')
    await fails(/no database at/)
    await writeFile(join(root, database), 'x'.repeat(8192))
    await fails(/not a database/)
    await rm(join(root, database))
    await makeDatabase('delete')
    const bytes = await readFile(join(root, database))
    bytes.fill(0xff, 5 * 4096, 9 * 4096)
    await writeFile(join(root, database), bytes)
    await fails(/damaged|malformed/)
    expect((await step(hook.check)).code).not.toBe(0)
  })

  it('refuses a dump that is empty, cut or damaged, and leaves the old data', async () => {
    await makeDatabase('wal')
    const original = await contents()
    const { stdout } = await step(hook.dump)
    const flipped = Buffer.from(stdout)
    flipped.fill(0xff, 5 * 4096, 9 * 4096)
    const cuts = [0, 100, 4096, Math.floor(stdout.length / 2 / 4096) * 4096, stdout.length - 1].map((end) =>
      stdout.subarray(0, end),
    )
    for (const bad of [...cuts, flipped, Buffer.from('no database'.repeat(1000))]) {
      const { code, stderr } = await step(hook.restore, bad)
      expect(code, stderr).not.toBe(0)
      expect(stderr).not.toBe('')
      expect(await contents()).toBe(original)
      expect(await leftovers()).toEqual([])
    }
  })

  it('leaves the old data when it is killed half way', async () => {
    await makeDatabase('delete')
    const original = await contents()
    const { stdout } = await step(hook.dump)
    await copyFile(join(root, database), join(root, 'kept'))
    // A writer that holds its lock keeps the restore waiting inside SQLite, where it is then killed.
    const holder = spawn('sqlite3', [join(root, database)], { stdio: ['pipe', 'pipe', 'inherit'] })
    const locked = new Promise((done) => holder.stdout?.once('data', done))
    holder.stdin?.write('BEGIN EXCLUSIVE;\nSELECT 1;\n')
    await locked
    const restoring = spawn('/bin/sh', ['-c', String(hook.restore)], {
      cwd: root,
      env: { ...process.env, ...hook.env },
      detached: true,
    })
    restoring.stdin.on('error', () => undefined) // it is killed before it has read everything
    restoring.stdin.end(stdout)
    while (!existsSync(join(root, `${database}.angee-restore`))) await new Promise((done) => setTimeout(done, 20))
    process.kill(-(restoring.pid ?? 0), 'SIGKILL')
    await stopWriter(holder)
    expect(await contents()).toBe(original)
    await truncate(join(root, 'kept'), 0)
    expect((await step(hook.restore, stdout)).code).toBe(0)
    expect(await leftovers()).toEqual([])
  })
})
