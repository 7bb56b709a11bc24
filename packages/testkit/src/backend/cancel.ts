import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { testContext } from '../fakes/index.ts'
import { collect, pseudoRandomBytes, readAll, stalledStream, wholeStream } from '../streams/index.ts'
import type { DeclareCase } from './fixture.ts'
import {
  assertInvisible,
  assertRejectsWith,
  draftOf,
  idOf,
  idsOf,
  manifestOf,
  streamOf,
  takeSnapshot,
} from './snapshots.ts'

const reason = new Error('the person pressed Ctrl-C')
const bytes = pseudoRandomBytes(120, 9_000_000)

/** A signal that aborts at one moment or another: the call ends with its reason, and nothing half done is seen. */
export function cancelCases(declare: DeclareCase): void {
  declare('an aborted signal fails every call with its reason', async ({ backend, makeTree, emptyDirectory }) => {
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes, 'persist/data': await makeTree({ file: 'content' }) })
    const ctx = testContext({ signal: AbortSignal.abort(reason) })
    await assertRejectsWith(backend.preflight(ctx), reason)
    await assertRejectsWith(backend.begin(draftOf(idOf(2)), ctx), reason)
    await assertRejectsWith(backend.stat(idOf(1), ctx), reason)
    await assertRejectsWith(collect(backend.list(ctx)), reason)
    await assertRejectsWith(backend.reader(idOf(1), ctx), reason)
    await assertRejectsWith(backend.delete(idOf(1), ctx), reason)
    await using reader = await backend.reader(idOf(1), testContext())
    const into = await emptyDirectory()
    await assertRejectsWith(reader.getTree('persist/data', into, ctx), reason)
    await assertRejectsWith((async () => readAll(await reader.getStream('service/db', ctx)))(), reason)
    assert.deepEqual(await idsOf(backend), [idOf(1)])
  })

  for (const length of [0, 1000, bytes.length]) {
    declare(`a stream cancelled after ${length} bytes leaves nothing`, async ({ backend, reopen }) => {
      const stopping = new AbortController()
      const ctx = testContext({ signal: stopping.signal })
      const body: Readable = stalledStream(bytes, length)
      {
        await using writer = await backend.begin(draftOf(idOf(1)), ctx)
        const stalled = once(body, 'stalled')
        const settled = assertRejectsWith(
          writer.putStream('service/db', () => body, ctx),
          reason,
        )
        await stalled
        stopping.abort(reason)
        await settled
      }
      await assertInvisible(await reopen(), idOf(1))
    })
  }

  declare('a tree cancelled while it is read leaves nothing', async ({ backend, makeTree }) => {
    const source = await makeTree({ a: bytes, b: bytes, c: bytes })
    const stopping = new AbortController()
    const ctx = testContext({ signal: stopping.signal })
    {
      await using writer = await backend.begin(draftOf(idOf(1)), ctx)
      const settled = assertRejectsWith(writer.putTree('persist/data', source, ctx), reason)
      stopping.abort(reason)
      await settled
    }
    await assertInvisible(backend, idOf(1))
  })

  declare('a commit that is cancelled before it began is none', async ({ backend, reopen }) => {
    {
      await using writer = await backend.begin(draftOf(idOf(1)), testContext())
      const { stored } = await writer.putStream('service/db', () => wholeStream(bytes), testContext())
      const ctx = testContext({ signal: AbortSignal.abort(reason) })
      await assertRejectsWith(writer.commit(manifestOf(idOf(1), [stored]), ctx), reason)
    }
    await assertInvisible(await reopen(), idOf(1))
  })

  declare('a stream that is being read errors with the reason', async ({ backend }) => {
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    const stopping = new AbortController()
    const ctx = testContext({ signal: stopping.signal })
    await using reader = await backend.reader(idOf(1), ctx)
    const stream = await reader.getStream('service/db', ctx)
    const closed = once(stream, 'close').catch(() => {})
    await once(stream, 'readable')
    stopping.abort(reason)
    await assertRejectsWith(readAll(stream), reason)
    await closed
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare('a listing that is cancelled in the middle throws the reason', async ({ backend }) => {
    for (const number of [1, 2, 3]) await takeSnapshot(backend, idOf(number), {})
    const stopping = new AbortController()
    const listing = async () => {
      for await (const each of backend.list(testContext({ signal: stopping.signal }))) {
        assert.ok(each.id)
        stopping.abort(reason)
      }
    }
    await assertRejectsWith(listing(), reason)
  })
}
