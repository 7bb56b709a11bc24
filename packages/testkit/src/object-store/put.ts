import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, shortChunks, slowStream, wholeStream } from '../streams/index.ts'
import { contentOf, keysOf, type OpenObjectStore } from './fixture.ts'

/** More than any store's part size, and no multiple of a round number. */
const largeLength = 20 * 1024 * 1024 + 13

/** Put and read back: lengths, kinds of body, overwriting, several at once, and a second instance. */
export function putCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('gives back the bytes of a buffer, and their count', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(1, 100_003)
    assert.deepEqual(await fixture.store.put('a/b', bytes, {}, testContext()), { bytes: bytes.length })
    assert.ok(bytes.equals(await contentOf(fixture.store, 'a/b')))
    assert.deepEqual(await fixture.store.head('a/b', testContext()), { bytes: bytes.length })
  })

  it('gives back the bytes of a stream, and their count', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(2, 300_007)
    assert.deepEqual(await fixture.store.put('a', wholeStream(bytes), {}, testContext()), { bytes: bytes.length })
    assert.ok(bytes.equals(await contentOf(fixture.store, 'a')))
  })

  it('stores an empty object', async () => {
    await using fixture = await open()
    const { store } = fixture
    assert.deepEqual(await store.put('from-buffer', new Uint8Array(0), {}, testContext()), { bytes: 0 })
    assert.deepEqual(await store.put('from-stream', wholeStream(new Uint8Array(0)), {}, testContext()), { bytes: 0 })
    for (const key of ['from-buffer', 'from-stream']) {
      assert.deepEqual(await store.head(key, testContext()), { bytes: 0 })
      assert.equal((await contentOf(store, key)).length, 0)
    }
  })

  it('stores a large object from a buffer and from a stream', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(3, largeLength)
    await fixture.store.put('from-buffer', bytes, {}, testContext())
    await fixture.store.put('from-stream', wholeStream(bytes, 1024 * 1024), {}, testContext())
    assert.ok(bytes.equals(await contentOf(fixture.store, 'from-buffer')))
    assert.ok(bytes.equals(await contentOf(fixture.store, 'from-stream')))
  })

  it('takes a body in pieces of one byte, and a slow one', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(4, 20_000)
    await fixture.store.put('pieces', shortChunks(bytes), {}, testContext())
    await fixture.store.put('slow', slowStream(bytes, 4000, 5), {}, testContext())
    assert.ok(bytes.equals(await contentOf(fixture.store, 'pieces')))
    assert.ok(bytes.equals(await contentOf(fixture.store, 'slow')))
  })

  it('replaces an object, also by a shorter one', async () => {
    await using fixture = await open()
    await fixture.store.put('a', Buffer.from('a long first version'), {}, testContext())
    await fixture.store.put('a', Buffer.from('short'), {}, testContext())
    assert.equal(String(await contentOf(fixture.store, 'a')), 'short')
    assert.deepEqual(await keysOf(fixture.store, ''), ['a'])
  })

  it('a reader that began before a replacement gets one whole version', async () => {
    await using fixture = await open()
    const first = pseudoRandomBytes(5, 2_000_000)
    const second = pseudoRandomBytes(6, 2_000_000)
    await fixture.store.put('a', first, {}, testContext())
    const [read] = await Promise.all([contentOf(fixture.store, 'a'), fixture.store.put('a', second, {}, testContext())])
    assert.ok(first.equals(read) || second.equals(read), 'the two versions are mixed')
  })

  it('keeps apart many puts at once', async () => {
    await using fixture = await open()
    const bodies = Array.from({ length: 12 }, (_, index) => pseudoRandomBytes(index, 200_000 + index))
    await Promise.all(
      bodies.map((body, index) => fixture.store.put(`dir-${index % 3}/${index}`, wholeStream(body), {}, testContext())),
    )
    for (const [index, body] of bodies.entries()) {
      assert.ok(body.equals(await contentOf(fixture.store, `dir-${index % 3}/${index}`)), `object ${index} differs`)
    }
  })

  it('holds one whole version after many puts of one key at once', async () => {
    await using fixture = await open()
    const bodies = Array.from({ length: 8 }, (_, index) => pseudoRandomBytes(index, 100_000 + index))
    await Promise.all(bodies.map((body) => fixture.store.put('same', wholeStream(body), {}, testContext())))
    const kept = await contentOf(fixture.store, 'same')
    assert.ok(
      bodies.some((body) => body.equals(kept)),
      'what is kept is none of the versions',
    )
  })

  it('shows everything to another instance on the same storage', async () => {
    await using fixture = await open()
    await fixture.store.put('deep/er/one', Buffer.from('one'), {}, testContext())
    await fixture.store.put('two', Buffer.from('two'), { ifAbsent: true }, testContext())
    const other = await fixture.reopen()
    assert.deepEqual(await keysOf(other, ''), ['deep/er/one', 'two'])
    assert.equal(String(await contentOf(other, 'deep/er/one')), 'one')
  })
}
