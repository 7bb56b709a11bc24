import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, wholeStream } from '../streams/index.ts'
import { assertCode, contentOf, type OpenObjectStore } from './fixture.ts'

/** `ifAbsent`: one winner, whoever races with whom, and its bytes stay. */
export function ifAbsentCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('ifAbsent refuses a key that exists, and leaves it', async () => {
    await using fixture = await open()
    await fixture.store.put('a', Buffer.from('first'), { ifAbsent: true }, testContext())
    for (const body of [Buffer.from('second'), wholeStream(pseudoRandomBytes(1, 9_000_000))]) {
      await assertCode(fixture.store.put('a', body, { ifAbsent: true }, testContext()), 'OBJECT_EXISTS')
    }
    assert.equal(String(await contentOf(fixture.store, 'a')), 'first')
  })

  it('ifAbsent refuses an empty object that exists', async () => {
    await using fixture = await open()
    await fixture.store.put('a', new Uint8Array(0), {}, testContext())
    await assertCode(fixture.store.put('a', Buffer.from('b'), { ifAbsent: true }, testContext()), 'OBJECT_EXISTS')
  })

  it('ifAbsent stores again once the object was deleted', async () => {
    await using fixture = await open()
    await fixture.store.put('a', Buffer.from('first'), { ifAbsent: true }, testContext())
    await fixture.store.delete('a', testContext())
    await fixture.store.put('a', Buffer.from('second'), { ifAbsent: true }, testContext())
    assert.equal(String(await contentOf(fixture.store, 'a')), 'second')
  })

  it('of several writers that race with ifAbsent exactly one wins, over and over', async () => {
    await using fixture = await open()
    const other = await fixture.reopen()
    for (let round = 0; round < 10; round += 1) {
      const bodies = Array.from({ length: 6 }, (_, index) => pseudoRandomBytes(round * 10 + index, 50_000 + index))
      const outcomes = await Promise.allSettled(
        bodies.map((body, index) => {
          const store = index % 2 === 0 ? fixture.store : other
          return store.put(`race/${round}`, wholeStream(body), { ifAbsent: true }, testContext())
        }),
      )
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
      assert.equal(winners.length, 1, `round ${round} has ${winners.length} winners`)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') await assertCode(Promise.reject(outcome.reason), 'OBJECT_EXISTS')
      }
      const kept = await contentOf(fixture.store, `race/${round}`)
      assert.ok(bodies[winners[0] ?? -1]?.equals(kept), `round ${round} keeps the bytes of a loser`)
    }
  })
}
