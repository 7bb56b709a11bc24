import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, slowStream } from '../streams/index.ts'
import { contentOf, keysOf, type OpenObjectStore, putKeys } from './fixture.ts'

/** Preflight and the collection of garbage: both leave alone what is stored and what is being stored. */
export function garbageCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('preflight proves the store and leaves no object', async () => {
    await using fixture = await open()
    await fixture.store.preflight(testContext())
    assert.deepEqual(await keysOf(fixture.store, ''), [])
    await putKeys(fixture.store, ['a'])
    await fixture.store.preflight(testContext())
    assert.deepEqual(await keysOf(fixture.store, ''), ['a'])
  })

  it('collectGarbage leaves stored objects alone', async (test) => {
    await using fixture = await open()
    if (fixture.store.collectGarbage === undefined) return test.skip('the store has no collectGarbage')
    await putKeys(fixture.store, ['a', 'dir/b', 'dir/sub/c'])
    assert.deepEqual(await fixture.store.collectGarbage(testContext()), { removed: 0, bytes: 0 })
    assert.deepEqual(await keysOf(fixture.store, ''), ['a', 'dir/b', 'dir/sub/c'])
  })

  it('collectGarbage leaves a put in progress alone, whoever calls it', async (test) => {
    await using fixture = await open()
    const other = await fixture.reopen()
    if (other.collectGarbage === undefined) return test.skip('the store has no collectGarbage')
    const bytes = pseudoRandomBytes(30, 9_000_000)
    let finished = false
    const put = fixture.store.put('a', slowStream(bytes, 500_000, 10), {}, testContext()).finally(() => {
      finished = true
    })
    while (!finished) {
      assert.equal((await other.collectGarbage(testContext())).removed, 0)
      await fixture.store.collectGarbage?.(testContext())
      await setImmediate()
    }
    assert.deepEqual(await put, { bytes: bytes.length })
    assert.ok(bytes.equals(await contentOf(other, 'a')))
  })
}
