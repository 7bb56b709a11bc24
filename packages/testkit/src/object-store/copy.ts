import assert from 'node:assert/strict'
import type { ObjectStore } from '@angee/archive'
import type { Context } from '@angee/core'
import type { RunningCase, SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes } from '../streams/index.ts'
import {
  assertAbsent,
  assertCode,
  assertRejectsWith,
  contentOf,
  keysOf,
  type ObjectStoreFixture,
  type OpenObjectStore,
} from './fixture.ts'

type Copy = (from: string, to: string, ctx?: Context) => Promise<{ bytes: number }>
type CopyCase = (fixture: ObjectStoreFixture, copy: Copy) => Promise<void>

/** `copy`, where a store has one: an object of its own that happens to hold the same bytes. */
export function copyCases({ it }: SuiteApi, open: OpenObjectStore): void {
  const declare = (name: string, body: CopyCase) =>
    it(name, async (test: RunningCase) => {
      await using fixture = await open()
      const copy = copyOf(fixture.store)
      if (copy === undefined) return test.skip('the store has no copy')
      await body(fixture, copy)
    })

  for (const length of [0, 1, 9_000_000]) {
    declare(`a copy of ${length} bytes is there for everyone, beside what it was made of`, async (fixture, copy) => {
      const bytes = pseudoRandomBytes(40, length)
      await fixture.store.put('old/deep/a', bytes, {}, testContext())
      assert.deepEqual(await copy('old/deep/a', 'new/deeper/still/b'), { bytes: length })
      const other = await fixture.reopen()
      assert.deepEqual(await keysOf(other, ''), ['new/deeper/still/b', 'old/deep/a'])
      assert.ok(bytes.equals(await contentOf(other, 'new/deeper/still/b')))
      assert.deepEqual(await other.head('new/deeper/still/b', testContext()), { bytes: length })
    })
  }

  declare('of an object and its copy each stays when the other goes or is replaced', async ({ store }, copy) => {
    await store.put('a', Buffer.from('bytes'), {}, testContext())
    for (const to of ['dir/b', 'dir/c', 'd']) await copy('a', to)
    await copy('dir/c', 'e')
    await store.delete('dir/c', testContext())
    await store.put('d', Buffer.from('other'), {}, testContext())
    await store.delete('a', testContext())
    assert.deepEqual(await keysOf(store, ''), ['d', 'dir/b', 'e'])
    for (const key of ['dir/b', 'e']) assert.equal(String(await contentOf(store, key)), 'bytes')
    assert.equal(String(await contentOf(store, 'd')), 'other')
  })

  declare('a copy refuses a key that exists, and leaves it', async ({ store }, copy) => {
    await store.put('a', Buffer.from('new'), {}, testContext())
    await store.put('b', Buffer.from('old'), {}, testContext())
    await assertCode(copy('a', 'b'), 'OBJECT_EXISTS')
    await assertCode(copy('a', 'a'), 'OBJECT_EXISTS')
    assert.equal(String(await contentOf(store, 'b')), 'old')
    assert.equal(String(await contentOf(store, 'a')), 'new')
  })

  declare('a copy of what is not there fails, and leaves nothing', async ({ store }, copy) => {
    await store.put('dir/a', Buffer.from('a'), {}, testContext())
    for (const from of ['b', 'dir', 'dir/a/b']) await assertCode(copy(from, 'new/c'), 'OBJECT_NOT_FOUND')
    await assertAbsent(store, 'new/c')
  })

  declare('of several copies that race for a key one alone is stored', async (fixture, copy) => {
    const otherCopy = copyOf(await fixture.reopen()) ?? copy
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const name of names) await fixture.store.put(name, Buffer.from(name), {}, testContext())
    for (let round = 0; round < 5; round += 1) {
      const key = `race/${round}`
      const copies = names.map((name, index) => (index % 2 === 0 ? copy : otherCopy)(name, key))
      const outcomes = await Promise.allSettled(copies)
      const winners = names.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      assert.equal(winners.length, 1, `round ${round} has ${winners.length} winners`)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') await assertCode(Promise.reject(outcome.reason), 'OBJECT_EXISTS')
      }
      assert.equal(String(await contentOf(fixture.store, key)), winners[0])
    }
  })

  declare('a cancelled copy fails with the reason, and leaves nothing', async ({ store }, copy) => {
    await store.put('a', Buffer.from('a'), {}, testContext())
    const reason = new Error('the person pressed Ctrl-C')
    await assertRejectsWith(copy('a', 'b', testContext({ signal: AbortSignal.abort(reason) })), reason)
    await assertAbsent(store, 'b')
  })
}

function copyOf(store: ObjectStore): Copy | undefined {
  if (store.copy === undefined) return undefined
  return (from, to, ctx = testContext()) => store.copy?.(from, to, ctx) ?? Promise.reject(new Error('copy is gone'))
}
