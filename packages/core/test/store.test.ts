import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CatalogRecord, putRecord, readCatalog, replaceCatalog, updateRecords } from '../src/catalog/index.ts'
import { nodeFiles } from '../src/files/index.ts'
import { openJournal, openJournals } from '../src/journal/index.ts'
import { lockStack } from '../src/lock/index.ts'
import { fileStore } from '../src/store/index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'angee-store-'))
})
afterEach(() => rm(directory, { recursive: true }))

const clock = { now: () => Date.UTC(2026, 0, 1), sleep: () => Promise.resolve() }

function record(id: string): CatalogRecord {
  const createdAt = '2026-01-01T00:00:00.000Z'
  return {
    id,
    labels: {},
    createdAt,
    finishedAt: createdAt,
    status: 'complete',
    purpose: 'manual',
    stack: 's',
    parts: [],
    warnings: 0,
    location: 'here',
  }
}

describe('store', () => {
  it('writes only over the version that was read', async () => {
    const store = fileStore(directory, nodeFiles)
    await store.put('a/b', Buffer.from('1'), undefined)
    const first = await store.get('a/b')
    await store.put('a/b', Buffer.from('2'), first?.version)
    await expect(store.put('a/b', Buffer.from('3'), first?.version)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    await expect(store.put('a/b', Buffer.from('3'), undefined)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    expect((await store.get('a/b'))?.bytes.toString()).toBe('2')
  })

  it('lists by prefix, without what an interrupted write left', async () => {
    const store = fileStore(directory, nodeFiles)
    await store.put('journal/b.json', Buffer.from(''), undefined)
    await store.put('journal/a.json', Buffer.from(''), undefined)
    await writeFile(join(directory, 'journal', 'a.json.1f.tmp'), 'half')
    expect(await store.list('journal/')).toEqual(['journal/a.json', 'journal/b.json'])
    expect(await store.list('nothing/')).toEqual([])
  })

  it.each(['../x', 'a/../b', '/a', 'a//b', '.', 'a/.'])('refuses the key %s', async (key) => {
    await expect(async () => fileStore(directory, nodeFiles).get(key)).rejects.toThrow(/no store key/)
  })
})

describe('catalog', () => {
  it('keeps every record of ten writers at once', async () => {
    const stores = Array.from({ length: 10 }, () => fileStore(directory, nodeFiles))
    await Promise.all(stores.map((store, index) => putRecord(store, record(`R${index}`))))
    const { records } = await readCatalog(fileStore(directory, nodeFiles))
    expect(records.map(({ id }) => id)).toEqual(stores.map((_, index) => `R${index}`))
  })

  it('loses no record, and not the damaged line either, when one line is damaged', async () => {
    const store = fileStore(directory, nodeFiles)
    await putRecord(store, record('A'))
    await putRecord(store, record('B'))
    const file = join(directory, 'catalog.jsonl')
    await writeFile(file, (await readFile(file, 'utf8')).replace('{"id":"A"', '{"id":A"'))
    expect(await readCatalog(store)).toMatchObject({ records: [{ id: 'B' }], damagedLines: [1] })
    await updateRecords(store, (records) => [...records, record('C')])
    expect(await readFile(file, 'utf8')).toContain('{"id":A"')
    expect(await readCatalog(store)).toMatchObject({ records: [{ id: 'B' }, { id: 'C' }], damagedLines: [1] })
    await replaceCatalog(store, [record('A'), record('B')])
    expect(await readCatalog(store)).toMatchObject({ records: [{ id: 'A' }, { id: 'B' }], damagedLines: [] })
  })
})

describe('journal', () => {
  it('is found until it is closed', async () => {
    const store = fileStore(directory, nodeFiles)
    const journal = await openJournal(store, 'OP', { type: 'x', phase: 'one' })
    await journal.write({ phase: 'two' })
    expect(await openJournals(store)).toEqual([{ id: 'OP', entry: { type: 'x', phase: 'two' } }])
    await journal.close()
    expect(await openJournals(store)).toEqual([])
  })

  it('names a record that cannot be read instead of skipping it', async () => {
    const store = fileStore(directory, nodeFiles)
    await store.put('journal/OP.json', Buffer.from('{'), undefined)
    await expect(openJournals(store)).rejects.toMatchObject({
      code: 'RESTORE_UNFINISHED',
      message: expect.stringContaining('OP'),
    })
  })
})

describe('lock', () => {
  it('is held once, says by whom, and is free after release', async () => {
    const held = await lockStack(directory, { operation: 'backup', id: 'ONE' }, nodeFiles, clock)
    await expect(lockStack(directory, { operation: 'restore', id: 'TWO' }, nodeFiles, clock)).rejects.toMatchObject({
      code: 'LOCKED',
      exitCode: 11,
      message: expect.stringContaining(`backup ONE (process ${process.pid}`),
    })
    held[Symbol.dispose]()
    const again = await lockStack(directory, { operation: 'restore', id: 'TWO' }, nodeFiles, clock)
    again[Symbol.dispose]()
  })

  it('is shared with what the holder starts, and is free when the holder lets go of it', async () => {
    const held = await lockStack(directory, { operation: 'backup', id: 'ONE' }, nodeFiles, clock)
    const hook = spawn('sleep', ['60'], { stdio: 'ignore' })
    try {
      const names = await readdir(`/proc/${hook.pid}/fd`)
      const open = await Promise.all(names.map((name) => readlink(`/proc/${hook.pid}/fd/${name}`).catch(() => '')))
      expect(open).toContain(await realpath(join(directory, 'lock')))
      held[Symbol.dispose]()
      const again = await lockStack(directory, { operation: 'restore', id: 'TWO' }, nodeFiles, clock)
      again[Symbol.dispose]()
    } finally {
      hook.kill('SIGKILL')
    }
  })
})
