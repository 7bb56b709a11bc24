import assert from 'node:assert/strict'
import { type BackupBackend, snapshotFormat } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { collect, pseudoRandomBytes, wholeStream } from '../streams/index.ts'
import type { DeclareCase } from './fixture.ts'
import { assertCode, assertInvisible, draftOf, idOf, idsOf, manifestOf, streamOf, takeSnapshot } from './snapshots.ts'

const bytes = pseudoRandomBytes(40, 100_000)

/** When a snapshot can be seen, and that nothing changes it. */
export function visibilityCases(declare: DeclareCase): void {
  declare('says what it is', async ({ backend }) => {
    assert.match(backend.type, /^[a-z0-9][a-z0-9-]*$/)
    assert.ok(backend.location.length > 0)
    for (const capability of ['encrypts', 'incremental', 'remote'] as const) {
      assert.equal(typeof backend.capabilities[capability], 'boolean', capability)
    }
    if (backend.localDirectory !== undefined) assert.match(backend.localDirectory, /^\//)
  })

  declare('a repository that does not exist yet is empty, and stays so through a preflight', async ({ backend }) => {
    assert.deepEqual(await idsOf(backend), [])
    await assertInvisible(backend, idOf(1))
    await backend.preflight(testContext())
    await backend.preflight(testContext())
    assert.deepEqual(await idsOf(backend), [])
  })

  declare('shows a snapshot from the commit on and not before, to every instance', async ({ backend, reopen }) => {
    const ctx = testContext()
    const others = [backend, await reopen()]
    await using writer = await backend.begin(draftOf(idOf(1)), ctx)
    for (const each of others) await assertInvisible(each, idOf(1))
    const { stored } = await writer.putStream('service/db', () => wholeStream(bytes), ctx)
    for (const each of others) await assertInvisible(each, idOf(1))
    const manifest = manifestOf(idOf(1), [stored])
    await writer.commit(manifest, ctx)
    for (const each of [...others, await reopen()]) {
      assert.deepEqual(await each.stat(idOf(1), ctx), manifest)
      assert.deepEqual(await collect(each.list(ctx)), [manifest])
      assert.ok(bytes.equals(await streamOf(each, idOf(1), 'service/db')))
    }
  })

  declare('disposing of a writer after its commit leaves the snapshot', async ({ backend }) => {
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare('disposing of a writer without a commit leaves nothing', async ({ backend, reopen }) => {
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    {
      await using _unused = await backend.begin(draftOf(idOf(2)), testContext())
      await using writer = await backend.begin(draftOf(idOf(3)), testContext())
      await writer.putStream('service/db', () => wholeStream(bytes), testContext())
    }
    for (const each of [backend, await reopen()]) {
      await assertInvisible(each, idOf(2))
      await assertInvisible(each, idOf(3))
      assert.deepEqual(await idsOf(each), [idOf(1)])
    }
  })

  declare('keeps a snapshot without parts', async ({ backend }) => {
    const manifest = await takeSnapshot(backend, idOf(1), {})
    assert.deepEqual(await backend.stat(idOf(1), testContext()), manifest)
  })

  declare('refuses an id a second time and leaves the first snapshot whole', async ({ backend, reopen }) => {
    const manifest = await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    for (const each of [backend, await reopen()]) {
      await assertCode(takeSnapshot(each, idOf(1), { 'service/db': pseudoRandomBytes(41, 5000) }), 'OBJECT_EXISTS')
      await assertCode(takeSnapshot(each, idOf(1), { 'service/other': bytes }), 'OBJECT_EXISTS')
      await assertCode(takeSnapshot(each, idOf(1), {}), 'OBJECT_EXISTS')
    }
    assert.deepEqual(await backend.stat(idOf(1), testContext()), manifest)
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
    assert.deepEqual(await idsOf(backend), [idOf(1)])
  })

  declare('of several writers of one id that run at once, one wins and its own bytes stay', async (bench) => {
    const { backend } = bench
    const others = [backend, await bench.reopen(), await bench.reopen()]
    const bodies = others.map((_, index) => pseudoRandomBytes(50 + index, 60_000 + index))
    const outcomes = await Promise.allSettled(
      others.map((each, index) => takeSnapshot(each, idOf(1), { 'service/db': bodies[index] ?? bytes })),
    )
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    assert.equal(winners.length, 1, `${winners.length} writers committed`)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') await assertCode(Promise.reject(outcome.reason), 'OBJECT_EXISTS')
    }
    assert.ok(bodies[winners[0] ?? -1]?.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare('compares ids without regard to case', async ({ backend }) => {
    const manifest = await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    const lower = idOf(1).toLowerCase()
    assert.deepEqual(await backend.stat(lower, testContext()), manifest)
    assert.ok(bytes.equals(await streamOf(backend, lower, 'service/db')))
    await backend.delete(lower, testContext())
    await assertInvisible(backend, idOf(1))
  })

  declare('refuses what is no id without looking elsewhere', async ({ backend }) => {
    for (const id of ['', '..', '../..', `${idOf(1)}/..`, 'x\0y', `${idOf(1)}\n`, 'latest']) {
      await assertCode(backend.stat(id, testContext()), 'SNAPSHOT_NOT_FOUND')
      await assertCode(backend.reader(id, testContext()), 'SNAPSHOT_NOT_FOUND')
    }
  })

  declare('refuses a snapshot of a newer format by name', async ({ backend }) => {
    const id = idOf(1)
    const refusal = await commitNewerFormat(backend, id)
    if (refusal !== undefined) return assertCode(Promise.reject(refusal), 'FORMAT_TOO_NEW')
    await assertCode(backend.stat(id, testContext()), 'FORMAT_TOO_NEW')
    await assertCode(backend.reader(id, testContext()), 'FORMAT_TOO_NEW')
    await takeSnapshot(backend, idOf(2), {})
    const listed = await collect(backend.list(testContext()))
    assert.deepEqual(listed.map((each) => [each.id, 'damaged' in each]).sort(), [
      [id, true],
      [idOf(2), false],
    ])
  })
}

/** The error with which the backend refuses to commit it, if it does. */
async function commitNewerFormat(backend: BackupBackend, id: string): Promise<unknown> {
  await using writer = await backend.begin(draftOf(id), testContext())
  return writer.commit({ ...manifestOf(id, []), format: snapshotFormat + 1 }, testContext()).then(
    () => undefined,
    (error: unknown) => error,
  )
}
