import { Buffer } from 'node:buffer'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { isAngeeError } from '@angee/core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { archiveBackend } from '../src/index.ts'
import { testContext } from './support/context.ts'
import { memoryStore } from './support/memory-store.ts'
import { id, manifestOf, snapshotOf } from './support/snapshots.ts'
import { temporary } from './support/temporary.ts'

const content = Buffer.from('rows and rows and rows of a dump'.repeat(3))
const prefix = `snapshots/${id}/`

/** A flipped bit, a cut, or something behind the end: none may come back as whole. */
describe('damage to a stream', () => {
  let stored: Map<string, Buffer>
  beforeAll(async () => {
    const store = memoryStore()
    const backend = archiveBackend('memory', store)
    const ctx = testContext()
    await using writer = await backend.begin(manifestOf([]), ctx)
    const { stored: part } = await writer.putStream('service/db', () => Readable.from([content]), ctx)
    await writer.commit(manifestOf([part]), ctx)
    stored = store.objects
  })

  const read = async (key: string, bytes: Buffer): Promise<Buffer> => {
    const backend = archiveBackend('memory', memoryStore(new Map(stored).set(key, bytes)))
    await using reader = await backend.reader(id, testContext())
    return buffer(await reader.getStream('service/db', testContext()))
  }
  const found = (key: string): Buffer => stored.get(`${prefix}${key}`) ?? Buffer.alloc(0)

  it('is none when nothing was done', async () => {
    expect(await read('unused', content)).toEqual(content)
  })
  it.each(['parts/service.db.zst', 'manifest.json'])('every flipped bit of %s is found', async (name) => {
    const bytes = found(name)
    expect(bytes.length).toBeGreaterThan(40)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const error = await read(`${prefix}${name}`, flipped).catch((reason: unknown) => reason)
      const codes = ['SNAPSHOT_CORRUPT', ...(name === 'manifest.json' ? ['FORMAT_TOO_NEW' as const] : [])] as const
      if (!codes.some((code) => isAngeeError(error, code as 'SNAPSHOT_CORRUPT'))) expect.fail(`bit ${bit}: ${error}`)
    }
  })
  it.each(['parts/service.db.zst', 'manifest.json'])('every cut of %s is found', async (name) => {
    const bytes = found(name)
    for (let length = 0; length < bytes.length; length++) {
      const reading = read(`${prefix}${name}`, bytes.subarray(0, length))
      await expect(reading, `${length} bytes`).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    }
  })
  it('a whole frame more, a skippable frame, and plain bytes behind the end are found', async () => {
    const bytes = found('parts/service.db.zst')
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9])
    for (const more of [bytes, skippable, Buffer.from('x')]) {
      const reading = read(`${prefix}parts/service.db.zst`, Buffer.concat([bytes, more]))
      await expect(reading).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    }
  })
})

describe('damage to a tree', () => {
  it('flips and cuts anywhere leave no tree that passes for whole', async () => {
    const source = temporary('source')
    mkdirSync(join(source, 'directory'))
    for (const name of ['a', 'directory/b', 'c']) writeFileSync(join(source, name), name.repeat(300))
    const { store } = await snapshotOf(source)
    const key = `${prefix}parts/persist.data.tar.zst`
    const bytes = store.objects.get(key) ?? Buffer.alloc(0)
    const refused = async (changed: Buffer): Promise<void> => {
      const backend = archiveBackend('memory', memoryStore(new Map(store.objects).set(key, changed)))
      const ctx = testContext()
      await using reader = await backend.reader(id, ctx)
      const code = await reader.getTree('persist/data', temporary('target'), ctx).then(
        () => 'none',
        (error: { code: string }) => error.code,
      )
      expect(code).toBe('SNAPSHOT_CORRUPT')
      const report = await backend.check?.(id, 'full', ctx)
      expect(report?.parts.filter(({ ok }) => !ok).map(({ part }) => part)).toEqual(['persist/data'])
    }
    const place = fc.nat(bytes.length - 1)
    await fc.assert(
      fc.asyncProperty(place, fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        await refused(flipped)
      }),
      { numRuns: 12 },
    )
    await fc.assert(
      fc.asyncProperty(place, (length) => refused(bytes.subarray(0, length))),
      { numRuns: 6 },
    )
  })

  it('a tree swapped for another one, stored just as well, is refused', async () => {
    const [mine, other] = [temporary('mine'), temporary('other')]
    writeFileSync(join(mine, 'file'), 'mine')
    writeFileSync(join(other, 'file'), 'evil')
    const [first, second] = [await snapshotOf(mine), await snapshotOf(other)]
    const key = `${prefix}parts/persist.data.tar.zst`
    first.store.objects.set(key, second.store.objects.get(key) ?? Buffer.alloc(0))
    const target = temporary('target')
    await using reader = await first.backend.reader(id, first.ctx)
    await expect(reader.getTree('persist/data', target, first.ctx)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect(readFileSync(join(mine, 'file'), 'utf8')).toBe('mine')
  })
})
