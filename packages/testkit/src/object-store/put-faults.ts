import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { cutStream, erroringStream, pseudoRandomBytes } from '../streams/index.ts'
import { assertAbsent, assertRejectsWith, contentOf, keysOf, type OpenObjectStore } from './fixture.ts'

/** Where a body breaks: before its first byte, within a chunk, and beyond the part size of stores that have one. */
const places = [0, 1000, 9_000_000]
const bytes = pseudoRandomBytes(10, 9_000_001)

/** Bodies that do not reach their end leave the key as it was and nothing new in a listing. */
export function putFaultCases({ it }: SuiteApi, open: OpenObjectStore): void {
  for (const place of places) {
    it(`rejects with the body's own error when it fails after ${place} bytes`, async () => {
      const error = new Error('the producer failed')
      await leavesAbsent(open, () => erroringStream(bytes, place, error), error)
      await leavesOld(open, () => erroringStream(bytes, place, error))
    })

    it(`rejects when the body closes without an end after ${place} bytes`, async () => {
      await leavesAbsent(open, () => cutStream(bytes, place))
      await leavesOld(open, () => cutStream(bytes, place))
    })
  }

  it('rejects a body that was destroyed before put was called', async () => {
    await leavesAbsent(open, () => cutStream(bytes, 1000).destroy())
  })

  it("rejects with the body's own error when it fails before a byte was asked for", async () => {
    const error = new Error('the producer could not be started')
    await leavesAbsent(
      open,
      () => {
        const body = new Readable({ read() {} })
        queueMicrotask(() => body.destroy(error))
        return body
      },
      error,
    )
  })

  it('still stores under a key after a failed put', async () => {
    await using fixture = await open()
    await assert.rejects(fixture.store.put('a', cutStream(bytes, 1000), {}, testContext()))
    await fixture.store.put('a', Buffer.from('whole'), { ifAbsent: true }, testContext())
    assert.equal(String(await contentOf(fixture.store, 'a')), 'whole')
  })

  it('a failed put harms no other that runs beside it', async () => {
    await using fixture = await open()
    const outcomes = await Promise.allSettled([
      fixture.store.put('dir/good', bytes, {}, testContext()),
      fixture.store.put('dir/bad', cutStream(bytes, 1000), {}, testContext()),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    assert.ok(bytes.equals(await contentOf(fixture.store, 'dir/good')))
  })
}

async function leavesAbsent(open: OpenObjectStore, body: () => Readable, error?: Error): Promise<void> {
  await using fixture = await open()
  for (const options of [{}, { ifAbsent: true }]) {
    const put = fixture.store.put('dir/a', body(), options, testContext())
    await (error === undefined ? assert.rejects(put) : assertRejectsWith(put, error))
    await assertAbsent(fixture.store, 'dir/a')
    assert.deepEqual(await keysOf(await fixture.reopen(), ''), [])
  }
}

async function leavesOld(open: OpenObjectStore, body: () => Readable): Promise<void> {
  await using fixture = await open()
  await fixture.store.put('dir/a', Buffer.from('old'), {}, testContext())
  await assert.rejects(fixture.store.put('dir/a', body(), {}, testContext()))
  assert.equal(String(await contentOf(fixture.store, 'dir/a')), 'old')
  assert.deepEqual(await keysOf(fixture.store, ''), ['dir/a'])
}
