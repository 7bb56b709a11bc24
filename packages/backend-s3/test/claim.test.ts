import { isAngeeError } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { withClaim } from '../src/store/claim.ts'
import { putObject } from '../src/store/put.ts'
import { type FakeServer, fakePlace } from './support/fake-s3.ts'

const minute = 60_000
const claims = '.angee~/claims/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb/'

function server(): FakeServer & { turn(milliseconds: number): void } {
  let now = Date.UTC(2026, 0, 1)
  return { objects: new Map(), now: () => now, turn: (milliseconds) => (now += milliseconds) }
}

describe('without conditional writes', () => {
  it('of many writers that race one wins, and nobody writes beside it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const shared = server()
      let writing = 0
      const race = Array.from({ length: 7 }, (_, index) => {
        const marker = `marker-${index}`
        return withClaim(fakePlace(shared), 'a', marker, testContext(), async () => {
          writing += 1
          expect(writing).toBe(1)
          await new Promise((resolve) => setTimeout(resolve, 5))
          shared.objects.set('a', { marker, modified: shared.now() })
          writing -= 1
        }).then(() => marker)
      })
      const outcomes = await Promise.allSettled(race)
      const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      expect(winners).toEqual([shared.objects.get('a')?.marker])
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(isAngeeError(outcome.reason, 'OBJECT_EXISTS')).toBe(true)
      }
      expect([...shared.objects.keys()]).toEqual(['a'])
    }
  })

  it('a claim that stands before ours is waited for, whichever of the two comes first by name', async () => {
    for (const name of ['0', 'g']) {
      const shared = server()
      shared.objects.set(claims + name, { marker: undefined, modified: shared.now() })
      let stored = false
      const put = putObject(fakePlace(shared), 'a', Buffer.from('a'), { ifAbsent: true }, testContext()).then(() => {
        stored = true
      })
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect([stored, shared.objects.has('a')]).toEqual([false, false])
      shared.objects.delete(claims + name)
      await put
      expect([...shared.objects.keys()]).toEqual(['a'])
    }
  })

  it('a claim that a dead writer left is passed over after ten minutes', async () => {
    const shared = server()
    shared.objects.set(`${claims}0`, { marker: undefined, modified: shared.now() })
    shared.turn(10 * minute)
    await putObject(fakePlace(shared), 'a', Buffer.from('a'), { ifAbsent: true }, testContext())
    expect([...shared.objects.keys()].sort()).toEqual([`${claims}0`, 'a'])
  })

  it('who finds the bytes of another in the end has lost', async () => {
    const shared = server()
    const put = withClaim(fakePlace(shared), 'a', 'mine', testContext(), async () => {
      shared.objects.set('a', { marker: 'of another', modified: shared.now() })
    })
    await expect(put).rejects.toMatchObject({ code: 'OBJECT_EXISTS' })
  })

  it('a cancelled writer withdraws its claim', async () => {
    const shared = server()
    const stopping = new AbortController()
    const put = withClaim(fakePlace(shared), 'a', 'mine', testContext({ signal: stopping.signal }), async () => {
      stopping.abort('stop')
      stopping.signal.throwIfAborted()
    })
    await expect(put).rejects.toBe('stop')
    expect([...shared.objects.keys()]).toEqual([])
  })
})
