import assert from 'node:assert/strict'
import type { StoredPart } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { collect, cutStream, pseudoRandomBytes, slowStream, wholeStream } from '../streams/index.ts'
import { describeTree } from '../trees/index.ts'
import type { DeclareCase } from './fixture.ts'
import { assertInvisible, draftOf, idOf, idsOf, manifestOf, streamOf, takeSnapshot } from './snapshots.ts'

/** Many parts, many writers, many snapshots: none disturbs another. */
export function manyCases(declare: DeclareCase): void {
  declare('stores parts of one snapshot at once', async (bench) => {
    const ctx = testContext()
    const bodies = Array.from({ length: 6 }, (_, index) => pseudoRandomBytes(80 + index, 3_000_000 + index))
    const tree = await bench.makeTree({ 'dir/file': pseudoRandomBytes(90, 2_000_000), other: 'content' })
    await using writer = await bench.backend.begin(draftOf(idOf(1)), ctx)
    const results = await Promise.all([
      ...bodies.map((body, index) => writer.putStream(`service/${index}`, () => wholeStream(body), ctx)),
      writer.putTree('persist/data', tree, ctx),
    ])
    const parts: StoredPart[] = results.map(({ stored }) => stored)
    await writer.commit(manifestOf(idOf(1), parts), ctx)

    for (const [index, body] of bodies.entries()) {
      assert.ok(body.equals(await streamOf(bench.backend, idOf(1), `service/${index}`)), `service/${index} differs`)
    }
    const into = await bench.emptyDirectory()
    await using reader = await bench.backend.reader(idOf(1), ctx)
    await reader.getTree('persist/data', into, ctx)
    assert.deepEqual(await describeTree(into), await describeTree(tree.directory))
  })

  declare('a part that fails beside others fails alone', async ({ backend }) => {
    const ctx = testContext()
    const bytes = pseudoRandomBytes(91, 3_000_000)
    await using writer = await backend.begin(draftOf(idOf(1)), ctx)
    const [good, bad] = await Promise.allSettled([
      writer.putStream('service/good', () => slowStream(bytes, 1_000_000, 5), ctx),
      writer.putStream('service/bad', () => cutStream(bytes, 1_000_000), ctx),
    ])
    assert.equal(bad.status, 'rejected')
    assert.ok(good.status === 'fulfilled', 'the good part failed too')
    await writer.commit(manifestOf(idOf(1), [good.value.stored]), ctx)
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/good')))
  })

  declare('takes several snapshots at once, by several instances', async ({ backend, reopen }) => {
    const backends = [backend, backend, await reopen(), await reopen()]
    const bodies = backends.map((_, index) => pseudoRandomBytes(100 + index, 1_000_000 + index))
    await Promise.all(
      backends.map((each, index) => takeSnapshot(each, idOf(index), { 'service/db': bodies[index] ?? Buffer.of() })),
    )
    for (const [index, body] of bodies.entries()) {
      assert.ok(body.equals(await streamOf(backend, idOf(index), 'service/db')), `snapshot ${index} differs`)
    }
    assert.deepEqual(
      await idsOf(backend),
      bodies.map((_, index) => idOf(index)),
    )
  })

  declare('lists every snapshot exactly once', async ({ backend, reopen }) => {
    const numbers = Array.from({ length: 25 }, (_, index) => index * 37)
    for (const number of numbers) await takeSnapshot(backend, idOf(number), {})
    for (const each of [backend, await reopen()]) assert.deepEqual(await idsOf(each), numbers.map(idOf))
  })

  declare('a listing may be left in the middle', async ({ backend }) => {
    for (const number of [1, 2, 3]) await takeSnapshot(backend, idOf(number), {})
    for await (const each of backend.list(testContext())) {
      assert.ok(each.id)
      break
    }
    assert.equal((await collect(backend.list(testContext()))).length, 3)
  })

  declare(
    'deletes a snapshot for every instance, twice if asked, and leaves the others',
    async ({ backend, reopen }) => {
      const bytes = pseudoRandomBytes(110, 100_000)
      for (const number of [1, 2, 3]) await takeSnapshot(backend, idOf(number), { 'service/db': bytes })
      const other = await reopen()
      await backend.delete(idOf(2), testContext())
      await backend.delete(idOf(2), testContext())
      await other.delete(idOf(2), testContext())
      await backend.delete(idOf(99), testContext())
      for (const each of [backend, other]) {
        await assertInvisible(each, idOf(2))
        assert.deepEqual(await idsOf(each), [idOf(1), idOf(3)])
        assert.ok(bytes.equals(await streamOf(each, idOf(1), 'service/db')))
        assert.ok(bytes.equals(await streamOf(each, idOf(3), 'service/db')))
      }
    },
  )
}
