import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { collect } from '../streams/index.ts'
import { keysOf, type OpenObjectStore, putKeys } from './fixture.ts'

/** Keys whose order by bytes differs from the order of a walk through directories, and from that of a dictionary. */
const awkwardKeys = ['a-b', 'a.b', 'a/b', 'a/b-c', 'a/b.c', 'a/b/c', 'a0', 'aB', 'a_b', 'ab', 'B', '-', '.x', '_', '0']

/** Listings: what a prefix means, the order, each key once, however many there are. */
export function listCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('a new store lists nothing', async () => {
    await using fixture = await open()
    assert.deepEqual(await keysOf(fixture.store, ''), [])
    assert.deepEqual(await keysOf(fixture.store, 'any/thing'), [])
  })

  it('lists in ascending order of bytes, with lengths', async () => {
    await using fixture = await open()
    const keys = awkwardKeys.filter((key) => key !== 'a/b')
    await putKeys(fixture.store, keys)
    const listed = await collect(fixture.store.list('', testContext()))
    assert.deepEqual(
      listed,
      keys.sort().map((key) => ({ key, bytes: key.length })),
    )
  })

  it('a prefix is the beginning of the key, not a directory', async () => {
    await using fixture = await open()
    const keys = awkwardKeys.filter((key) => key !== 'a/b').sort()
    await putKeys(fixture.store, keys)
    for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'a/b-', 'a.', 'A', 'absent/', 'a/b/c/']) {
      const expected = keys.filter((key) => key.startsWith(prefix))
      assert.deepEqual(await keysOf(fixture.store, prefix), expected, `prefix ${prefix}`)
    }
  })

  it('a prefix that no key can begin with lists nothing from elsewhere', async () => {
    await using fixture = await open()
    await putKeys(fixture.store, ['dir/a', 'b'])
    for (const prefix of ['../', '/', 'dir/../', './', 'dir//']) {
      const listed = await keysOf(fixture.store, prefix).catch(() => [])
      assert.deepEqual(listed, [], `prefix ${prefix}`)
    }
  })

  it('lists each of more than a thousand keys once', async () => {
    await using fixture = await open()
    const keys = Array.from({ length: 1050 }, (_, index) => `many/${String(index).padStart(5, '0')}`)
    await putKeys(fixture.store, keys)
    assert.deepEqual(await keysOf(fixture.store, 'many/'), keys)
  })

  it('keys that were there before and after a listing are in it, whatever changes meanwhile', async () => {
    await using fixture = await open()
    const staying = Array.from({ length: 40 }, (_, index) => `dir-${index % 4}/stays-${index}`)
    const going = Array.from({ length: 40 }, (_, index) => `dir-${index % 4}/goes-${index}`)
    await putKeys(fixture.store, [...staying, ...going])
    const [listed] = await Promise.all([
      keysOf(fixture.store, 'dir-'),
      Promise.all(going.map((key) => fixture.store.delete(key, testContext()))),
    ])
    assert.deepEqual(
      listed.filter((key) => key.includes('stays')),
      staying.sort(),
    )
    assert.equal(new Set(listed).size, listed.length, 'a key is listed twice')
  })

  it('a listing may be left in the middle', async () => {
    await using fixture = await open()
    await putKeys(fixture.store, ['a', 'b', 'c'])
    for await (const { key } of fixture.store.list('', testContext())) {
      assert.equal(key, 'a')
      break
    }
    assert.deepEqual(await keysOf(fixture.store, ''), ['a', 'b', 'c'])
  })
}
