import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, slowStream, wholeStream } from '../streams/index.ts'
import type { DeclareCase } from './fixture.ts'
import { assertInvisible, draftOf, idOf, idsOf, manifestOf, streamOf, takeSnapshot } from './snapshots.ts'

const bytes = pseudoRandomBytes(140, 3_000_000)
const noCollector = 'the backend has no collectGarbage'

/** The collection of garbage takes what interrupted writers left, and nothing else. */
export function garbageCases(declare: DeclareCase): void {
  declare('collectGarbage leaves committed snapshots alone', async ({ backend }, test) => {
    if (backend.collectGarbage === undefined) return test.skip(noCollector)
    assert.deepEqual(await backend.collectGarbage(testContext()), { removed: 0, bytes: 0 })
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    assert.deepEqual(await backend.collectGarbage(testContext()), { removed: 0, bytes: 0 })
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare('collectGarbage leaves a snapshot that is being written alone, whoever calls it', async (bench, test) => {
    const { backend } = bench
    const other = await bench.reopen()
    if (backend.collectGarbage === undefined) return test.skip(noCollector)
    const collect = async () => {
      await backend.collectGarbage?.(testContext())
      await other.collectGarbage?.(testContext())
    }
    await using writer = await backend.begin(draftOf(idOf(1)), testContext())
    await collect()
    const first = await writer.putStream('service/first', () => wholeStream(bytes), testContext())
    await collect()
    let finished = false
    const putting = writer
      .putStream('service/second', () => slowStream(bytes, 500_000, 10), testContext())
      .finally(() => {
        finished = true
      })
    while (!finished) {
      await collect()
      await setImmediate()
    }
    const second = await putting
    await writer.commit(manifestOf(idOf(1), [first.stored, second.stored]), testContext())
    await collect()
    assert.ok(bytes.equals(await streamOf(other, idOf(1), 'service/first')))
    assert.ok(bytes.equals(await streamOf(other, idOf(1), 'service/second')))
  })

  declare('collectGarbage removes what a killed writer left', async (bench, test) => {
    const { backend, leaveGarbage } = bench
    if (backend.collectGarbage === undefined) return test.skip(noCollector)
    if (leaveGarbage === undefined) return test.skip('nothing here can kill a writer')
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    await leaveGarbage(idOf(2))
    await assertInvisible(backend, idOf(2))
    const { removed } = await backend.collectGarbage(testContext())
    assert.ok(removed > 0, 'nothing was removed')
    assert.deepEqual(await backend.collectGarbage(testContext()), { removed: 0, bytes: 0 })
    assert.deepEqual(await idsOf(backend), [idOf(1)])
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare(
    'collectGarbage after an aborted writer finds little or nothing, and harms nothing',
    async ({ backend }, test) => {
      if (backend.collectGarbage === undefined) return test.skip(noCollector)
      await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
      {
        await using writer = await backend.begin(draftOf(idOf(2)), testContext())
        await writer.putStream('service/db', () => wholeStream(bytes), testContext())
      }
      await backend.collectGarbage(testContext())
      assert.deepEqual(await backend.collectGarbage(testContext()), { removed: 0, bytes: 0 })
      assert.deepEqual(await idsOf(backend), [idOf(1)])
    },
  )
}
