import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { archiveBackend } from '../src/index.ts'
import { collect } from './support/collect.ts'
import { testContext } from './support/context.ts'
import { memoryStore } from './support/memory-store.ts'
import { id, manifestOf, snapshotOf } from './support/snapshots.ts'
import { temporary } from './support/temporary.ts'

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

async function oneSnapshot() {
  const tree = temporary('tree')
  writeFileSync(join(tree, 'file'), 'content')
  return snapshotOf(tree)
}

describe('the layout that docs/snapshot-format.md promises', () => {
  it('has these objects and no others', async () => {
    const { store } = await oneSnapshot()
    expect([...store.objects.keys()].sort()).toEqual([
      'repository.json',
      `snapshots/${id}/manifest.json`,
      `snapshots/${id}/parts/persist.data.tar.zst`,
    ])
    expect(JSON.parse(String(store.objects.get('repository.json')))).toEqual({
      format: 1,
      repositoryId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  it('seals a manifest with the digest of its own text', async () => {
    const { store, stored } = await oneSnapshot()
    const text = String(store.objects.get(`snapshots/${id}/manifest.json`))
    const [, body, digest] = /^(.*),\n {2}"digest": "sha256:([0-9a-f]{64})"\n\}\n$/s.exec(text) ?? []
    expect(createHash('sha256').update(`${body}\n}`).digest('hex')).toBe(digest)
    expect(JSON.parse(text).parts).toEqual([stored])
  })

  it('stores a stream so that zstd alone gives it back', async () => {
    const store = memoryStore()
    const backend = archiveBackend('memory', store)
    const ctx = testContext()
    const content = Buffer.alloc(9_000_000, 'row of a dump ')
    await using writer = await backend.begin(manifestOf([]), ctx)
    const { stored } = await writer.putStream(
      'service/db',
      () => Readable.from([content.subarray(0, 5), content.subarray(5)]),
      ctx,
    )
    const bytes = store.objects.get(`snapshots/${id}/parts/service.db.zst`) ?? Buffer.alloc(0)
    expect(execFileSync('zstd', ['-dc'], { input: bytes, maxBuffer: 1 << 24 }).equals(content)).toBe(true)
    expect(stored.stored).toEqual({
      bytes: bytes.length,
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    })
    expect(stored.raw).toEqual({
      bytes: content.length,
      digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    })
  })
})

describe('a newer format', () => {
  it('of the repository is refused with both versions named, and nothing is written', async () => {
    const store = memoryStore(new Map([['repository.json', json({ format: 7, repositoryId: 'x' })]]))
    const backend = archiveBackend('memory', store)
    for (const attempt of [backend.preflight(testContext()), backend.begin(manifestOf([]), testContext())])
      await expect(attempt).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW', message: expect.stringMatching(/7.* 1\b/) })
    expect(store.objects.size).toBe(1)
  })
  it('of a snapshot is refused, and hides no other one', async () => {
    const { store, backend, ctx } = await oneSnapshot()
    const newer = '01JDBZ00000000000000000001'
    store.objects.set(`snapshots/${newer}/manifest.json`, json({ format: 2, id: newer }))
    await expect(backend.stat(newer, ctx)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' })
    expect((await collect(backend.list(ctx))).map((one) => [one.id, 'damaged' in one])).toEqual([
      [id, false],
      [newer, true],
    ])
  })
})

it('two that make the repository at once end up with one', async () => {
  const store = memoryStore()
  const backend = archiveBackend('memory', store)
  const ids = [id, '01JDBZ00000000000000000001']
  const writers = await Promise.all(ids.map((one) => backend.begin(manifestOf([], { id: one }), testContext())))
  expect(writers).toHaveLength(2)
  expect([...store.objects.keys()].filter((key) => key.startsWith('repository'))).toHaveLength(1)
})

it('finds a snapshot by an id in lower case', async () => {
  const { backend, ctx } = await oneSnapshot()
  expect((await backend.stat(id.toLowerCase(), ctx)).id).toBe(id)
  await backend.delete(id.toLowerCase(), ctx)
  await expect(backend.stat(id, ctx)).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
})

describe('garbage', () => {
  const abandoned = '01JDBZ00000000000000000009'
  const mark = (changes: object) =>
    json({ host: hostname(), pid: 2 ** 22 + 1, since: new Date().toISOString(), ...changes })

  it('is what dead writers left; foreign files and committed snapshots stay', async () => {
    const { store, backend, ctx } = await oneSnapshot()
    const kept = [...store.objects.keys()]
    const foreign = ['notes.txt', 'snapshots/README', `snapshots/not-an-id/parts/x`, 'snapshots/lost+found/x']
    for (const key of foreign) store.objects.set(key, Buffer.from('mine'))
    store.objects.set(`snapshots/${abandoned}/writing.json`, mark({}))
    store.objects.set(`snapshots/${abandoned}/parts/persist.data.tar.zst`, Buffer.from('half'))
    expect(await collect(backend.list(ctx))).toHaveLength(1)
    expect(await backend.collectGarbage?.(ctx)).toMatchObject({ removed: 2 })
    expect([...store.objects.keys()].sort()).toEqual([...kept, ...foreign].sort())
  })

  it.each([
    ['a living process of this machine', { pid: process.pid }],
    ['another machine that began today', { host: 'elsewhere' }],
  ])('is not what %s is writing', async (_, changes) => {
    const store = memoryStore(new Map([[`snapshots/${abandoned}/writing.json`, mark(changes)]]))
    store.objects.set(`snapshots/${abandoned}/parts/service.db.zst`, Buffer.from('half'))
    expect(await archiveBackend('memory', store).collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
    expect(store.objects.size).toBe(2)
  })

  it('is what another machine began long ago', async () => {
    const since = new Date(Date.now() - 30 * 24 * 3_600_000).toISOString()
    const store = memoryStore(new Map([[`snapshots/${abandoned}/writing.json`, mark({ host: 'elsewhere', since })]]))
    expect(await archiveBackend('memory', store).collectGarbage?.(testContext())).toMatchObject({ removed: 1 })
  })
})
