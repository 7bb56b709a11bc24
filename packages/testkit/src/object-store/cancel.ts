import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, readAll, stalledStream } from '../streams/index.ts'
import { assertAbsent, assertRejectsWith, contentOf, keysOf, type OpenObjectStore, putKeys } from './fixture.ts'

const reason = new Error('the person pressed Ctrl-C')
const bytes = pseudoRandomBytes(20, 9_000_000)

/** Every call ends with the signal's own reason when it aborts, before the call or in the middle of it. */
export function cancelCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('an aborted signal fails every call with its reason and stores nothing', async () => {
    await using fixture = await open()
    const { store } = fixture
    await store.put('there', bytes, {}, testContext())
    const ctx = testContext({ signal: AbortSignal.abort(reason) })
    await assertRejectsWith(store.put('new', Buffer.from('bytes'), {}, ctx), reason)
    await assertRejectsWith(store.put('new', stalledStream(bytes, 100), {}, ctx), reason)
    await assertRejectsWith(contentOf(store, 'there', ctx), reason)
    await assertRejectsWith(store.head('there', ctx), reason)
    await assertRejectsWith(keysOf(store, '', ctx), reason)
    await assertRejectsWith(store.delete('there', ctx), reason)
    assert.deepEqual(await keysOf(store, ''), ['there'])
  })

  for (const length of [0, 1000, bytes.length]) {
    it(`a put shows nothing after ${length} bytes of a body that stalls, and when cancelled leaves the key as it was`, async () => {
      await using fixture = await open()
      await fixture.store.put('old', Buffer.from('old'), {}, testContext())
      for (const key of ['old', 'new']) {
        const stopping = new AbortController()
        const body = stalledStream(bytes, length)
        const put = fixture.store.put(key, body, {}, testContext({ signal: stopping.signal }))
        const settled = assertRejectsWith(put, reason)
        await once(body, 'stalled')
        await assertAbsent(fixture.store, 'new')
        assert.equal(String(await contentOf(fixture.store, 'old')), 'old')
        stopping.abort(reason)
        await settled
      }
      await assertAbsent(fixture.store, 'new')
      assert.equal(String(await contentOf(fixture.store, 'old')), 'old')
    })
  }

  it('a put ends when it is cancelled, even while the producer of its body hangs', async () => {
    await using fixture = await open()
    const stopping = new AbortController()
    const hanging = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const body = Readable.from(
      (async function* () {
        yield bytes
        asked.resolve()
        await hanging.promise
      })(),
      { objectMode: false },
    )
    const put = fixture.store.put('new', body, {}, testContext({ signal: stopping.signal }))
    const settled = assertRejectsWith(put, reason)
    await asked.promise
    stopping.abort(reason)
    await settled
    hanging.resolve()
    await assertAbsent(fixture.store, 'new')
  })

  it('a get cancelled in the middle errors with the reason', async () => {
    await using fixture = await open()
    await fixture.store.put('a', bytes, {}, testContext())
    const stopping = new AbortController()
    const stream = await fixture.store.get('a', undefined, testContext({ signal: stopping.signal }))
    const closed = once(stream, 'close').catch((error: unknown) => error)
    await once(stream, 'readable')
    stopping.abort(reason)
    await assertRejectsWith(readAll(stream), reason)
    await closed
  })

  it('a listing cancelled in the middle throws the reason', async () => {
    await using fixture = await open()
    await putKeys(fixture.store, ['a', 'b', 'c/d', 'c/e'])
    const stopping = new AbortController()
    const seen: string[] = []
    const listing = async () => {
      for await (const { key } of fixture.store.list('', testContext({ signal: stopping.signal }))) {
        seen.push(key)
        stopping.abort(reason)
      }
    }
    await assertRejectsWith(listing(), reason)
    assert.deepEqual(seen, ['a'])
  })
}
