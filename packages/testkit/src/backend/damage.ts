import assert from 'node:assert/strict'
import type { CheckLevel, CheckReport, PartId } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { collect, pseudoRandomBytes, readAll } from '../streams/index.ts'
import type { Bench, Damage, DeclareCase } from './fixture.ts'
import { assertCode, idOf, streamOf, takeSnapshot } from './snapshots.ts'

/** More than one block of the stored format. */
const bytes = pseudoRandomBytes(130, 2_500_000)
const parts: PartId[] = ['service/db', 'persist/data']
const noDamage = 'nothing here can damage what is stored'
const noCheck = 'the backend has no check'

/** What is stored goes bad: it is found, it is never handed out as good, and it hides nothing else. */
export function damageCases(declare: DeclareCase): void {
  for (const level of ['quick', 'full'] as const) {
    declare(`a ${level} check of a whole snapshot finds nothing`, async (bench, test) => {
      if (bench.backend.check === undefined) return test.skip(noCheck)
      await stockUp(bench)
      const report = await bench.backend.check(idOf(1).toLowerCase(), level, testContext())
      assert.equal(report.id, idOf(1))
      assert.equal(report.level, level)
      assert.deepEqual(report.parts.map(({ part, ok }) => `${part} ${ok}`).sort(), [
        'manifest true',
        'persist/data true',
        'service/db true',
      ])
      if (level === 'full') assert.ok(report.bytesRead > 0, 'nothing was read')
    })

    declare(`a ${level} check of an unknown snapshot is SNAPSHOT_NOT_FOUND`, async ({ backend }, test) => {
      if (backend.check === undefined) return test.skip(noCheck)
      await assertCode(backend.check(idOf(7), level, testContext()), 'SNAPSHOT_NOT_FOUND')
    })
  }

  for (const part of parts) {
    for (const how of ['flip', 'cut', 'remove'] as const) {
      declare(`${how} in ${part} is found by a check`, async (bench, test) => {
        if (bench.damage === undefined) return test.skip(noDamage)
        if (bench.backend.check === undefined) return test.skip(noCheck)
        await stockUp(bench)
        await bench.damage(idOf(1), part, how)
        const levels: CheckLevel[] = how === 'flip' ? ['full'] : ['quick', 'full']
        for (const level of levels) {
          assert.deepEqual(badParts(await bench.backend.check(idOf(1), level, testContext())), [part], level)
          assert.deepEqual(badParts(await bench.backend.check(idOf(2), level, testContext())), [])
        }
      })

      declare(`${how} in ${part} fails the reader of it, and of nothing else`, async (bench, test) => {
        if (bench.damage === undefined) return test.skip(noDamage)
        await stockUp(bench)
        await bench.damage(idOf(1), part, how)
        await assertUnreadable(bench, part)
        assert.ok(bytes.equals(await streamOf(bench.backend, idOf(2), 'service/db')))
        if (part !== 'service/db') assert.ok(bytes.equals(await streamOf(bench.backend, idOf(1), 'service/db')))
      })
    }
  }

  for (const how of ['flip', 'cut'] as const) {
    declare(`${how} in a manifest is said, and hides no other snapshot`, async (bench, test) => {
      if (bench.damage === undefined) return test.skip(noDamage)
      await stockUp(bench)
      await bench.damage(idOf(1), 'manifest', how)
      const backend = await bench.reopen()
      await assertCode(backend.stat(idOf(1), testContext()), 'SNAPSHOT_CORRUPT')
      await assertCode(backend.reader(idOf(1), testContext()), 'SNAPSHOT_CORRUPT')
      const listed = await collect(backend.list(testContext()))
      assert.deepEqual(listed.map((each) => [each.id, 'damaged' in each]).sort(), [
        [idOf(1), true],
        [idOf(2), false],
      ])
      const report = await backend.check?.(idOf(1), 'full', testContext())
      if (report) assert.ok(badParts(report).includes('manifest'))
    })
  }

  declare('a snapshot whose manifest is gone is gone, and can be deleted', async (bench, test) => {
    if (bench.damage === undefined) return test.skip(noDamage)
    await stockUp(bench)
    await bench.damage(idOf(1), 'manifest', 'remove')
    const backend = await bench.reopen()
    await assertCode(backend.stat(idOf(1), testContext()), 'SNAPSHOT_NOT_FOUND')
    await backend.delete(idOf(1), testContext())
    assert.ok(bytes.equals(await streamOf(backend, idOf(2), 'service/db')))
  })

  for (const what of ['manifest', ...parts] as const) {
    declare(`a snapshot with a damaged ${what} can be deleted`, async (bench, test) => {
      if (bench.damage === undefined) return test.skip(noDamage)
      await stockUp(bench)
      await damageAndDelete(bench, what, 'cut')
      assert.deepEqual(
        (await collect(bench.backend.list(testContext()))).map(({ id }) => id),
        [idOf(2)],
      )
    })
  }
}

/** Two snapshots alike; the second one is never damaged. */
async function stockUp({ backend, makeTree }: Bench): Promise<void> {
  for (const number of [1, 2]) {
    const tree = await makeTree({ 'dir/file': bytes, other: 'content' })
    await takeSnapshot(backend, idOf(number), { 'service/db': bytes, 'persist/data': tree })
  }
}

function badParts(report: CheckReport): string[] {
  for (const { ok, problem } of report.parts)
    assert.equal(ok, problem === undefined, 'a problem is named when there is one')
  return report.parts.filter(({ ok }) => !ok).map(({ part }) => part)
}

async function assertUnreadable({ backend, emptyDirectory }: Bench, part: PartId): Promise<void> {
  const into = await emptyDirectory()
  const read = async () => {
    const ctx = testContext()
    await using reader = await backend.reader(idOf(1), ctx)
    if (part === 'service/db') await readAll(await reader.getStream(part, ctx))
    else await reader.getTree(part, into, ctx)
  }
  await assertCode(read(), 'SNAPSHOT_CORRUPT')
}

async function damageAndDelete(bench: Bench, what: PartId | 'manifest', how: Damage): Promise<void> {
  await bench.damage?.(idOf(1), what, how)
  await bench.backend.delete(idOf(1), testContext())
}
