import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SnapshotManifest } from '@angee/core'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee, angeeJson } from '../support/angee.ts'
import { allRows, type DatabaseStack, databaseStack, dumpDigest, fill, rows } from '../support/database-stack.ts'

/** Fails the first time, so that the undo, which runs it again with the safety snapshot, can be seen to work. */
const oneTry =
  'if [ ! -e /tmp/tried ]; then touch /tmp/tried; cat >/dev/null; echo no such luck >&2; exit 3; fi; pg_restore --clean --if-exists --single-transaction --exit-on-error -U app -d app'

engineSuite('a database stack on Docker Compose', ['docker', 'postgres-image'], () => {
  let backups: string
  let source: DatabaseStack

  beforeAll(async () => {
    backups = await mkdtemp(join(tmpdir(), 'angee-backups-'))
    source = await databaseStack('source', backups)
    await fill(source)
  })
  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await rm(backups, { recursive: true })
  })

  it('is snapshot while writes go on, and the dump is of one moment', async () => {
    const writing = new AbortController()
    let written = 0
    const writer = (async () => {
      while (!writing.signal.aborted) {
        written++
        await source.sql(`insert into ticks values (${written}, 1); insert into tocks values (${written}, 1)`)
      }
    })()
    const busy = await angee(source.directory, ['stack', 'backup', '--name', 'busy', '--json'])
    writing.abort()
    await writer
    expect(busy.code, busy.stderr).toBe(0)

    await using target = await databaseStack('busy', backups)
    const restored = await angee(target.directory, ['stack', 'restore', 'busy', '--yes'])
    expect(restored.code, restored.stderr).toBe(0)
    await target.compose('up', '-d', '--wait')
    const [ticks, tocks] = [await allRows(target, 'ticks'), await allRows(target, 'tocks')]
    const all = await allRows(source, 'ticks')
    expect(ticks).toEqual(all.slice(0, ticks.length))
    expect(Math.abs(ticks.length - tocks.length)).toBeLessThanOrEqual(1)
  })

  it('restores into a fresh stack in another directory, identical in rows, vectors and files', async () => {
    await angeeJson(source.directory, ['stack', 'backup', '--name', 'calm'])
    const before = await angeeJson<SnapshotManifest>(source.directory, ['stack', 'backup', 'show', 'calm'])
    expect(before.parts.map(({ part }) => part)).toEqual([
      'persist/app-data',
      'persist/chrome-profile',
      'service/postgres',
    ])

    await using target = await databaseStack('target', backups)
    const restored = await angee(target.directory, ['stack', 'restore', 'calm', '--yes'])
    expect(restored.code, restored.stderr).toBe(0)
    await target.compose('up', '-d', '--wait')

    const [expected, found] = [await allRows(source, 'items'), await allRows(target, 'items')]
    expect(found).toHaveLength(rows)
    expect(found.findIndex((row, index) => row !== expected[index])).toBe(-1)
    expect(await dumpDigest(target)).toBe(await dumpDigest(source))
    expect(await target.sql("select indexdef from pg_indexes where tablename = 'items' order by 1")).toBe(
      await source.sql("select indexdef from pg_indexes where tablename = 'items' order by 1"),
    )

    await angeeJson(target.directory, ['stack', 'backup', '--name', 'again'])
    const after = await angeeJson<SnapshotManifest>(target.directory, ['stack', 'backup', 'show', 'again'])
    const digests = (manifest: SnapshotManifest) => manifest.parts.map(({ part, tree }) => [part, tree?.digest])
    expect(digests(after)).toEqual(digests(before))
  })

  it('restores over a running stack, keeps the live covered directory, and undoes it again', async () => {
    const containers = await source.compose('ps', '-q')
    await source.sql("update items set name = 'changed' where id <= 1000")
    const changed = await dumpDigest(source)
    const restored = await angee(source.directory, ['stack', 'restore', 'calm', '--yes'])
    expect(restored.code, restored.stderr).toBe(0)
    expect(await source.sql("select count(*) from items where name = 'changed'")).toBe('0\n')
    expect(await source.compose('ps', '-q')).toBe(containers)
    expect(await readdir(join(source.directory, 'data'))).toEqual(['chrome', 'notes', 'pgdata', 'uploads'])
    expect(await source.compose('exec', '-T', 'web', 'ls', '/uploads/deep')).toContain('link')

    const undone = await angee(source.directory, ['stack', 'restore', '--undo', '--yes'])
    expect(undone.code, undone.stderr).toBe(0)
    expect(await dumpDigest(source)).toBe(changed)
  })

  it('undoes a restore whose hook fails: rows, files and services as before', async () => {
    await using target = await databaseStack('failing', backups, { restore: oneTry })
    await target.compose('up', '-d', '--wait')
    await target.sql("create table mine as select 'precious' as word")
    const before = await dumpDigest(target)
    const failed = await angee(target.directory, ['stack', 'restore', 'calm', '--yes'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('no such luck')
    expect(await dumpDigest(target)).toBe(before)
    expect(await readdir(join(target.directory, 'data'))).toEqual(['pgdata', 'uploads'])
  })

  it('stores nothing of the secrets file', async () => {
    const files = (await readdir(backups, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) expect((await readFile(join(file.parentPath, file.name))).includes('canary')).toBe(false)
  })
})
