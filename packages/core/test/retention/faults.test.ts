import { treeTools } from '@angee/archive'
import { memoryBackend, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { AngeeError, type BackupBackend } from '../../src/index.ts'
import { stackWith } from '../support/stack.ts'
import { type PrunedStack, pruned } from './pruned-stack.ts'

/** What a test can put in the way of a prune once snapshots are there. */
interface Faults {
  list?: BackupBackend['list']
  delete?: BackupBackend['delete']
  collectGarbage?: NonNullable<BackupBackend['collectGarbage']>
}

/** A stack whose backend does as it should until `faults` says otherwise. */
async function shop(): Promise<PrunedStack & { faults: Faults; sound: BackupBackend; ids: string[] }> {
  const sound = memoryBackend({ trees: treeTools })
  const faults: Faults = {}
  const backend: BackupBackend = {
    ...sound,
    list: (ctx) => (faults.list ?? sound.list)(ctx),
    delete: (id, ctx) => (faults.delete ?? sound.delete)(id, ctx),
    collectGarbage: (ctx) => (faults.collectGarbage ?? (async () => ({ removed: 0, bytes: 0 })))(ctx),
  }
  const shop = pruned(await stackWith({ default: backend }))
  const ids = await shop.snapshots(8)
  return { ...shop, faults, sound, ids }
}

const policy = { keepLast: 2 }

describe('a prune whose backend fails', () => {
  it.each([0, 3, 8])(
    'removes nothing when the listing fails after %i snapshots, whatever is allowed',
    async (after) => {
      const { faults, sound, prune, ids, listed } = await shop()
      faults.list = async function* (ctx) {
        let count = 0
        for await (const one of sound.list(ctx)) {
          if (count++ === after) break
          yield one
        }
        throw new AngeeError('BACKEND_UNAVAILABLE', 'the connection was lost')
      }
      for (const request of [{}, { allowShrink: true }, { dryRun: true }]) {
        await expect(prune({ policy, ...request })).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      }
      delete faults.list
      expect((await prune({ policy, dryRun: true })).plan.entries.map(({ id }) => id)).toEqual(ids)
      expect(await listed()).toEqual(ids)
    },
  )

  it.each([1, 4, 8])(
    'removes nothing when the listing silently lacks %i of 8, whatever is allowed',
    async (lacking) => {
      const { faults, sound, prune, ids, listed } = await shop()
      faults.list = async function* (ctx) {
        let count = 0
        for await (const one of sound.list(ctx)) if (count++ >= lacking) yield one
      }
      for (const request of [{}, { allowShrink: true }]) {
        await expect(prune({ policy, ...request })).rejects.toMatchObject({
          code: 'RETENTION_STOPPED',
          message: expect.stringContaining(`does not list snapshot ${ids[0]}, and holds it`),
          hint: expect.stringContaining('incomplete'),
        })
      }
      delete faults.list
      expect((await prune({ policy, dryRun: true })).plan.entries.map(({ id }) => id)).toEqual(ids)
      expect(await listed()).toEqual(ids)
    },
  )

  it('stops at the first removal that fails and says how far it came', async () => {
    const { faults, sound, prune, stored, ids, listed } = await shop()
    faults.delete = async (id, ctx) => {
      if (id === ids[2]) throw new AngeeError('BACKEND_FAILED', 'access denied')
      await sound.delete(id, ctx)
    }
    await expect(prune({ policy })).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: 'access denied\nRemoved before that: 2 of 6 snapshots',
      context: { removed: ids.slice(0, 2) },
    })
    expect([await stored(), await listed()]).toEqual([ids.slice(2), ids.slice(2)])
    delete faults.delete
    expect((await prune({ policy })).removed).toEqual(ids.slice(2, 6))
  })

  it('finishes the removal that has begun when it is cancelled', async () => {
    const { faults, sound, prune, stored, ids, listed, clock } = await shop()
    const stop = new AbortController()
    faults.delete = async (id, ctx) => {
      await sound.delete(id, ctx)
      if (id === ids[2]) stop.abort(new Error('enough'))
      ctx.signal.throwIfAborted()
    }
    await expect(prune({ policy }, testContext({ clock, signal: stop.signal }))).rejects.toThrow('enough')
    expect([await stored(), await listed()]).toEqual([ids.slice(3), ids.slice(3)])
  })

  it('leaves to a kill at any moment no more than a twentieth of the catalog that is not there any more', async () => {
    const { faults, sound, prune, stored, listed, snapshots } = await shop()
    await snapshots(52)
    const stale: number[] = []
    faults.delete = async (id, ctx) => {
      await sound.delete(id, ctx)
      stale.push((await listed()).length - (await stored()).length)
    }
    await prune({ policy })
    expect([stale.length, Math.max(...stale)]).toEqual([58, 60 / 20])
    expect(await listed()).toEqual(await stored())
  })

  it('gives back room once, after the last removal, and is done also when that fails', async () => {
    const { faults, prune, stored, ctx } = await shop()
    const seen: number[] = []
    faults.collectGarbage = async () => {
      seen.push((await stored()).length)
      throw new Error('busy')
    }
    expect((await prune({ policy })).removed).toHaveLength(6)
    expect(seen).toEqual([2])
    expect(ctx.progress.at(-1)).toEqual({ type: 'note', message: 'a later run gives their room back: busy' })
  })
})
