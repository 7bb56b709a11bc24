import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { assertAbsent, contentOf, keysOf, type OpenObjectStore, putKeys } from './fixture.ts'

/** Deleting: what is gone, and what stays. */
export function deleteCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('removes an object for every instance', async () => {
    await using fixture = await open()
    await putKeys(fixture.store, ['dir/a', 'dir/b'])
    await fixture.store.delete('dir/a', testContext())
    await assertAbsent(fixture.store, 'dir/a')
    await assertAbsent(await fixture.reopen(), 'dir/a')
  })

  it('an absent object is deleted already', async () => {
    await using fixture = await open()
    await fixture.store.delete('absent', testContext())
    await fixture.store.delete('absent/deeper', testContext())
    await putKeys(fixture.store, ['a/b'])
    await fixture.store.delete('a/b', testContext())
    await fixture.store.delete('a/b', testContext())
  })

  it('leaves every other object, also those whose keys begin alike', async () => {
    await using fixture = await open()
    await putKeys(fixture.store, ['a/b', 'a/bc', 'a/c/d', 'ab'])
    await fixture.store.delete('a/b', testContext())
    await fixture.store.delete('a', testContext())
    await fixture.store.delete('a/c', testContext())
    await fixture.store.delete('a/bc/d', testContext())
    assert.deepEqual(await keysOf(fixture.store, ''), ['a/bc', 'a/c/d', 'ab'])
  })

  it('deletes and puts beside each other lose nothing', async () => {
    await using fixture = await open()
    for (let round = 0; round < 10; round += 1) {
      await fixture.store.put('dir/sub/old', Buffer.from('old'), {}, testContext())
      await Promise.all([
        fixture.store.delete('dir/sub/old', testContext()),
        fixture.store.put('dir/sub/new', Buffer.from(`new ${round}`), {}, testContext()),
      ])
      assert.equal(String(await contentOf(fixture.store, 'dir/sub/new')), `new ${round}`)
      await fixture.store.delete('dir/sub/new', testContext())
    }
  })
}
