import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, readAll } from '../streams/index.ts'
import { assertCode, contentOf, type OpenObjectStore } from './fixture.ts'

/** Get and head: absent keys, ranges, several readers. */
export function getCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('get of an absent key is OBJECT_NOT_FOUND, head of it undefined', async () => {
    await using fixture = await open()
    await fixture.store.put('a/b', Buffer.from('there'), {}, testContext())
    for (const key of ['absent', 'a', 'a/b/c', 'a/absent']) {
      await assertCode(contentOf(fixture.store, key), 'OBJECT_NOT_FOUND')
      assert.equal(await fixture.store.head(key, testContext()), undefined, `head of ${key}`)
    }
  })

  it('get of a range gives exactly its bytes, the end not included', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(1, 5_000_000)
    await fixture.store.put('a', bytes, {}, testContext())
    const ranges = [
      [0, 1],
      [0, bytes.length],
      [bytes.length - 1, bytes.length],
      [4_194_303, 4_194_305],
      [1_234_567, 3_456_789],
    ] as const
    for (const [start, end] of ranges) {
      const read = await readAll(await fixture.store.get('a', { start, end }, testContext()))
      assert.ok(bytes.subarray(start, end).equals(read), `bytes ${start} to ${end} differ`)
    }
  })

  it('get of an empty range gives nothing and no error', async () => {
    await using fixture = await open()
    await fixture.store.put('a', Buffer.from('abc'), {}, testContext())
    for (const place of [0, 2, 3]) {
      const stream = await fixture.store.get('a', { start: place, end: place }, testContext())
      assert.equal((await readAll(stream)).length, 0)
    }
  })

  it('get of a range beyond the end fails instead of giving less', async () => {
    await using fixture = await open()
    await fixture.store.put('a', Buffer.from('abc'), {}, testContext())
    for (const range of [
      { start: 0, end: 4 },
      { start: 3, end: 4 },
      { start: 10, end: 20 },
    ]) {
      await assert.rejects(async () => readAll(await fixture.store.get('a', range, testContext())))
    }
  })

  it('several readers of one object do not disturb each other', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(2, 1_000_000)
    await fixture.store.put('a', bytes, {}, testContext())
    const reads = await Promise.all(Array.from({ length: 6 }, () => contentOf(fixture.store, 'a')))
    for (const read of reads) assert.ok(bytes.equals(read))
  })

  it('a reader may stop in the middle', async () => {
    await using fixture = await open()
    await fixture.store.put('a', pseudoRandomBytes(3, 5_000_000), {}, testContext())
    for await (const chunk of await fixture.store.get('a', undefined, testContext())) {
      assert.ok(chunk.length > 0)
      break
    }
    assert.equal((await contentOf(fixture.store, 'a')).length, 5_000_000)
  })
}
