import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { lockStack, reindex, restoreSnapshot, takeSnapshot, updateRecords, verifySnapshot } from '../../src/index.ts'
import { openJournal } from '../../src/journal/index.ts'
import { fakeStack, openFakeStack } from '../support/runtimes.ts'
import { type PrunedStack, pruned } from './pruned-stack.ts'

const manifest = `name: shop
backup: { retention: { keep_last: 2 } }
persist: { data: { subpath: ./data } }
`

/** A stack with its snapshots in a directory, as a user has it. */
async function shop(text = manifest): Promise<PrunedStack> {
  return pruned((await fakeStack(text)).stack)
}

const day = 24 * 3_600_000

async function putFile(root: string, content: string): Promise<void> {
  await mkdir(join(root, 'data'), { recursive: true })
  await writeFile(join(root, 'data', 'file'), content)
}

const rulesOf = ({ plan }: Awaited<ReturnType<PrunedStack['prune']>>) =>
  plan.entries.map(({ action, reasons }) => [action, ...reasons.map(({ rule }) => rule)])

describe('a prune of snapshots in a directory', () => {
  it('removes what the manifest does not keep, the oldest first, and leaves the rest whole', async () => {
    const { stack, snapshots, prune, stored, listed, ctx } = await shop()
    const ids = await snapshots(6)
    const { removed, alarms } = await prune()
    expect(removed).toEqual(ids.slice(0, 4))
    expect(alarms).toEqual([])
    expect(await stored()).toEqual(ids.slice(4))
    expect(await listed()).toEqual(ids.slice(4))
    expect((await readdir(join(stack.place.root, 'backups', 'snapshots'))).sort()).toEqual(ids.slice(4))
    for (const id of ids.slice(4)) {
      expect((await verifySnapshot(stack, id, 'full', ctx)).parts.every(({ ok }) => ok)).toBe(true)
    }
    const told = ctx.progress.flatMap((event) =>
      event.type === 'phase' && event.phase === 'remove' ? event.message : [],
    )
    expect(told).toEqual(removed.map((id, index) => `removing ${id} (${index + 1} of 4)`))
    expect((await prune()).removed).toEqual([])
  })

  it('changes nothing on a dry run, which plans the same', async () => {
    const { snapshots, prune, stored, listed } = await shop()
    const ids = await snapshots(4)
    const dry = await prune({ dryRun: true })
    expect([await stored(), await listed(), dry.removed]).toEqual([ids, ids, []])
    expect(dry.plan).toEqual((await prune()).plan)
    expect(rulesOf(dry)).toEqual([
      ['remove', 'not-kept'],
      ['remove', 'not-kept'],
      ['keep', 'last'],
      ['keep', 'last', 'newest-complete'],
    ])
  })

  it('takes a policy that comes with the request in place of the one declared', async () => {
    const { snapshots, prune, stored } = await shop()
    const ids = await snapshots(4)
    await prune({ policy: { keepWithin: '60h' } })
    expect(await stored()).toEqual(ids.slice(1))
  })

  it('removes nothing by an empty policy', async () => {
    const { snapshots, prune, stored } = await shop(manifest.replace('keep_last: 2', ''))
    const ids = await snapshots(2)
    expect(await prune()).toMatchObject({ removed: [], plan: { emptyPolicy: true } })
    expect(await stored()).toEqual(ids)
  })

  it('removes no others than those agreed to', async () => {
    const { snapshots, prune, stored } = await shop()
    const ids = await snapshots(5)
    const { removed } = await prune({ agreed: [ids[1] as string, ids[4] as string] })
    expect(removed).toEqual([ids[1]])
    expect(await stored()).toEqual(ids.filter((id) => id !== ids[1]))
  })

  it('goes by the time zone of the manifest', async () => {
    const text = manifest
      .replace('keep_last: 2', 'keep_daily: 9')
      .replace('retention', 'timezone: Asia/Tokyo, retention')
    const { stack, clock, ctx, prune } = await shop(text)
    await putFile(stack.place.root, 'x')
    // Midnight of Tokyo is at 15:00 UTC.
    clock.advance(11.5 * 3_600_000)
    for (let taken = 0; taken < 2; taken++) {
      await takeSnapshot(stack, {}, ctx)
      clock.advance(3_600_000)
    }
    const { plan, removed } = await prune()
    expect(removed).toEqual([])
    expect(plan.entries.map(({ reasons }) => reasons[0]?.text)).toEqual(['daily 2026-10-20', 'daily 2026-10-21'])
  })

  it('plans from what the backend holds: also what the catalog does not know, and nothing that is gone', async () => {
    const { stack, snapshots, prune, stored, listed } = await shop()
    const ids = await snapshots(6)
    const [unknown = '', , gone = ''] = ids
    await updateRecords(stack.store, (all) => all.filter(({ id }) => id !== unknown))
    await rm(join(stack.place.root, 'backups', 'snapshots', gone), { recursive: true })
    const { removed, forgotten } = await prune()
    expect(removed).toEqual([ids[0], ids[1], ids[3]])
    expect(forgotten).toEqual([gone])
    expect([await stored(), await listed()]).toEqual([ids.slice(4), ids.slice(4)])
  })

  it('keeps the newest that a drill has proven, and what is pinned, as the catalog knows them', async () => {
    const { stack, snapshots, prune, stored } = await shop()
    const ids = await snapshots(6)
    const proven = { at: '2026-10-25T00:00:00.000Z', seconds: 4 }
    await updateRecords(stack.store, (all) =>
      all.map((record, index) =>
        index <= 2 ? { ...record, ...(index === 2 ? { pinned: true } : { proven }) } : record,
      ),
    )
    await prune({ policy: { keepLast: 1 } })
    expect(await stored()).toEqual([ids[1], ids[2], ids[5]])
  })

  it('keeps the safety snapshot of a restore as long as it is pinned, and a while longer', async () => {
    const { stack, prune, clock, ctx } = await shop()
    await putFile(stack.place.root, 'before')
    const { manifest } = await takeSnapshot(stack, {}, ctx)
    clock.advance(day)
    await putFile(stack.place.root, 'after')
    const { safety } = await restoreSnapshot(stack, { snapshot: manifest.id }, {}, ctx)
    clock.advance(30 * day)
    expect(rulesOf(await prune({ policy: { keepLast: 1 } })).at(-1)).toEqual(['keep', 'safety', 'pinned'])
    await takeSnapshot(stack, {}, ctx)
    expect((await prune({ policy: { keepLast: 9, keepSafety: '60d' } })).removed).toEqual([])
    expect((await prune({ policy: { keepLast: 9 } })).removed).toEqual([safety?.id])
  })

  it('keeps the safety snapshot that an unfinished restore returns to', async () => {
    const { stack, snapshots, prune, stored } = await shop()
    const ids = await snapshots(4)
    await openJournal(stack.store, 'unfinished', { type: 'restore', safety: ids[0] })
    await prune()
    expect(await stored()).toEqual([ids[0], ids[2], ids[3]])
  })

  it('leaves the snapshots of another stack in the same place alone', async () => {
    const own = await shop()
    const root = own.stack.place.root
    const other = pruned(
      (
        await fakeStack(
          `name: blog\nbackup_backend: { type: localfs, path: ${root}/backups }\npersist: { data: { subpath: ./data } }\n`,
        )
      ).stack,
    )
    const foreign = await other.snapshots(5)
    const ids = await own.snapshots(4)
    const { removed, plan } = await own.prune()
    expect(removed).toEqual(ids.slice(0, 2))
    expect(await own.stored()).toEqual([...foreign, ...ids.slice(2)].sort())
    expect(plan.entries[0]?.reasons).toEqual([{ rule: 'other-stack', text: 'of the stack blog' }])
  })

  it('sets aside a snapshot that cannot be read', async () => {
    const { stack, snapshots, prune, stored } = await shop()
    const ids = await snapshots(4)
    await writeFile(join(stack.place.root, 'backups', 'snapshots', ids[0] as string, 'manifest.json'), '{')
    const { plan } = await prune()
    expect(plan.entries[0]).toMatchObject({ id: ids[0], action: 'keep', reasons: [{ rule: 'damaged' }] })
    expect(await stored()).toEqual([ids[0], ids[2], ids[3]])
  })

  it('waits for no lock on a dry run, and fails with who holds it otherwise', async () => {
    const { stack, snapshots, prune, stored, clock } = await shop()
    const ids = await snapshots(3)
    using _lock = await lockStack(stack.place.stateDirectory, { operation: 'backup', id: 'x' }, stack.files, clock)
    await expect(prune()).rejects.toMatchObject({ code: 'LOCKED', context: { operation: 'backup' } })
    expect((await prune({ dryRun: true })).plan.entries).toHaveLength(3)
    expect(await stored()).toEqual(ids)
  })
})

describe('a prune that is interrupted', () => {
  it('ends between two snapshots, says what is gone, and goes on the next time', async () => {
    const { snapshots, prune, stored, listed, clock } = await shop()
    const ids = await snapshots(8)
    const stop = new AbortController()
    const ctx: TestContext = testContext({ clock, signal: stop.signal })
    const aborting = {
      ...ctx,
      onProgress: (event: Parameters<TestContext['onProgress']>[0]) => {
        if (event.type === 'phase' && event.message.includes('(3 of 6)')) stop.abort(new Error('enough'))
      },
    }
    await expect(prune({}, aborting)).rejects.toThrow('enough')
    expect([await stored(), await listed()]).toEqual([ids.slice(2), ids.slice(2)])
    await prune()
    expect([await stored(), await listed()]).toEqual([ids.slice(6), ids.slice(6)])
  })
})

describe('what shrank', () => {
  it('stops a prune that finds most of what the catalog knows gone, as from a disk that is not mounted', async () => {
    const { stack, snapshots, prune, listed } = await shop()
    const ids = await snapshots(5)
    const snapshotsIn = join(stack.place.root, 'backups', 'snapshots')
    for (const id of ids.slice(0, 3)) await rm(join(snapshotsIn, id), { recursive: true })
    await expect(prune({ policy: { keepLast: 1 } })).rejects.toMatchObject({
      code: 'RETENTION_STOPPED',
      message: expect.stringContaining('lists 2 of the 5 snapshots that the catalog knows'),
      hint: expect.stringContaining('--allow-shrink'),
      context: { alarms: [{ kind: 'listing', known: 5, listed: 2 }] },
    })
    expect(await listed()).toEqual(ids)
    const dry = await prune({ policy: { keepLast: 1 }, dryRun: true })
    expect(dry.alarms).toMatchObject([{ kind: 'listing' }])
    await prune({ policy: { keepLast: 1 }, allowShrink: true })
    expect(await listed()).toEqual(ids.slice(4))
  })

  it('stops a prune when the newest snapshot holds too little, until somebody accepts it once', async () => {
    const { snapshots, prune, stored } = await shop()
    const good = await snapshots(4, 40_000)
    const bad = await snapshots(3, 100)
    await expect(prune()).rejects.toMatchObject({
      code: 'RETENTION_STOPPED',
      message: expect.stringMatching(
        /service\/db of the newest complete snapshot \w+ has 100 bytes; before, it had 40000 \(median\)/,
      ),
      context: { alarms: [{ kind: 'part', part: 'service/db', id: bad[2] }] },
    })
    expect(await stored()).toEqual([...good, ...bad])
    const { removed, alarms } = await prune({ allowShrink: true, policy: { keepLast: 5 } })
    expect([removed, alarms.length]).toEqual([good.slice(0, 2), 1])
    await snapshots(1, 100)
    expect(await prune({ policy: { keepLast: 5 } })).toMatchObject({ removed: [good[2]], alarms: [] })
    await snapshots(1, 10)
    await expect(prune()).rejects.toMatchObject({ context: { alarms: [{ bytes: 10, median: 100 }] } })
  })

  it('stops no prune within the limit that is declared', async () => {
    const { snapshots, prune } = await shop(manifest.replace('keep_last: 2', 'keep_last: 1, max_shrink: 0.99'))
    await snapshots(2, 40_000)
    await snapshots(1, 500)
    expect((await prune()).removed).toHaveLength(2)
  })

  it('stops a prune where the catalog is damaged: it knows what is proven', async () => {
    const { stack, snapshots, prune, stored } = await shop()
    const ids = await snapshots(3)
    const catalog = join(stack.place.stateDirectory, 'catalog.jsonl')
    await writeFile(catalog, (await readFile(catalog, 'utf8')).replace('{"id"', '"id"'))
    await expect(prune({ allowShrink: true })).rejects.toMatchObject({
      code: 'RETENTION_STOPPED',
      hint: expect.stringContaining('reindex'),
    })
    expect(await stored()).toEqual(ids)
  })

  it('is measured by what earlier prunes saw, also when what they saw is gone', async () => {
    const { stack, snapshots, prune } = await shop()
    const ids = await snapshots(4, 40_000)
    await prune()
    for (const id of ids) await rm(join(stack.place.root, 'backups', 'snapshots', id), { recursive: true, force: true })
    await reindex(stack, testContext())
    const again = pruned(await openFakeStack(stack.place.root))
    again.clock.advance(30 * day)
    await again.snapshots(1, 100)
    await expect(again.prune()).rejects.toMatchObject({
      code: 'RETENTION_STOPPED',
      context: { alarms: [{ kind: 'part' }] },
    })
  })
})
