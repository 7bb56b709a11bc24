import { setTimeout } from 'node:timers/promises'
import { cutStream, engineSuite, erroringStream, pseudoRandomBytes, stalledStream, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { locksIn, restic, runningOn, snapshotsIn } from './support/repository.ts'
import { draftOf, idOf, open, placeIn, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const bytes = pseudoRandomBytes(7, 12_000_000)

engineSuite('streams in restic', ['restic'], () => {
  describe.each([0, 1000, 12_000_000])('a dump that fails after %d bytes', (length) => {
    it('is not in the repository, leaves no lock and no restic, and rejects with its own error', async () => {
      await using directory = await temporaryDirectory()
      const place = placeIn(directory.path)
      const error = new Error('the dump ended with exit code 7')
      {
        await using writer = await (await open(place)).begin(draftOf(idOf(1)), testContext())
        const putting = writer.putStream('service/db', () => erroringStream(bytes, length, error), testContext())
        await expect(putting).rejects.toBe(error)
        expect(runningOn(place.repository)).toEqual([])
        expect(snapshotsIn(place.repository)).toEqual([])
        expect(locksIn(place.repository)).toEqual([])
      }
    })

    it('is not there either when it is cut', async () => {
      await using directory = await temporaryDirectory()
      const place = placeIn(directory.path)
      await using writer = await (await open(place)).begin(draftOf(idOf(1)), testContext())
      await expect(writer.putStream('service/db', () => cutStream(bytes, length), testContext())).rejects.toThrow()
      expect(snapshotsIn(place.repository)).toEqual([])
      expect(locksIn(place.repository)).toEqual([])
    })

    it('is not there when it hangs and is stopped', async () => {
      await using directory = await temporaryDirectory()
      const place = placeIn(directory.path)
      const stopping = new AbortController()
      const ctx = testContext({ signal: stopping.signal })
      const reason = new Error('enough')
      await using writer = await (await open(place)).begin(draftOf(idOf(1)), testContext())
      const putting = writer.putStream('service/db', () => stalledStream(bytes, length), ctx)
      putting.catch(() => undefined)
      while (runningOn(place.repository).length === 0) await setTimeout(10)
      await setTimeout(400)
      stopping.abort(reason)
      await expect(putting).rejects.toBe(reason)
      expect(runningOn(place.repository)).toEqual([])
      expect(snapshotsIn(place.repository)).toEqual([])
      expect(locksIn(place.repository)).toEqual([])
    })
  })

  it('can be read by restic alone', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    await take(await open(place), idOf(1), { 'service/db': Buffer.from('a dump') })
    const words = ['dump', '--tag', `angee-snapshot=${idOf(1)},angee-part=service/db`, 'latest', 'service.db']
    expect(restic(place.repository, [...words, '--no-cache'])).toBe('a dump')
  })

  it('of no byte at all is one', async () => {
    await using directory = await temporaryDirectory()
    const backend = await open(placeIn(directory.path))
    await take(backend, idOf(1), { 'service/db': Buffer.alloc(0) })
    expect(await streamOf(backend, idOf(1), 'service/db')).toHaveLength(0)
    expect((await backend.check?.(idOf(1), 'full', testContext()))?.parts).toEqual([
      { part: 'manifest', ok: true },
      { part: 'service/db', ok: true },
    ])
  })
})
