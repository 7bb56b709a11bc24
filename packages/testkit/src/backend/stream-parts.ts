import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import type { PartId } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import {
  cutStream,
  digestOf,
  erroringStream,
  pseudoRandomBytes,
  readAll,
  shortChunks,
  slowStream,
  wholeStream,
} from '../streams/index.ts'
import type { Bench, DeclareCase } from './fixture.ts'
import { assertCode, assertInvisible, assertRejectsWith, draftOf, idOf, streamOf, takeSnapshot } from './snapshots.ts'

/** Around the block sizes a format may have, and well beyond one of them. */
const lengths = [0, 1, 65_536, 4_194_303, 4_194_304, 4_194_305, 20 * 1024 * 1024 + 7]

/** Names a part may have: letters, digits, `.`, `_` and `-`, the first one a letter or digit. They must not collide. */
const oddNames = ['a', 'A', 'a.b', 'a.zst', 'a.tar.zst', 'a-b_c', 'a--', 'a..b', '0', 'CON', 'x'.repeat(100)]

/** Stream parts: round trips, and bodies that do not reach their end. */
export function streamPartCases(declare: DeclareCase): void {
  for (const length of lengths) {
    declare(`gives back a stream of ${length} bytes`, async ({ backend }) => {
      const bytes = pseudoRandomBytes(60, length)
      const { parts } = await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
      assert.equal(parts[0]?.part, 'service/db')
      assert.equal(parts[0]?.kind, 'stream')
      assert.deepEqual(parts[0]?.raw, { bytes: length, digest: digestOf(bytes) })
      assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
    })
  }

  declare('gives back a stream that compresses well', async ({ backend }) => {
    const bytes = Buffer.alloc(9_000_001, 'select 1; ')
    await takeSnapshot(backend, idOf(1), { 'service/db': bytes })
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')))
  })

  declare('gives back slow streams and those in pieces of one byte', async ({ backend }) => {
    const bytes = pseudoRandomBytes(61, 20_000)
    await takeSnapshot(backend, idOf(1), {
      'service/pieces': () => shortChunks(bytes),
      'service/slow': () => slowStream(bytes, 4000, 5),
    })
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/pieces')))
    assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/slow')))
  })

  declare('keeps apart parts with odd names, and a tree and a stream of one name', async (bench) => {
    const streams = Object.fromEntries(oddNames.map((name) => [`service/${name}`, Buffer.from(`stream ${name}`)]))
    const tree = await bench.makeTree({ file: 'content' })
    await takeSnapshot(bench.backend, idOf(1), { ...streams, 'persist/a': tree })
    for (const [part, bytes] of Object.entries(streams)) {
      assert.equal(String(await streamOf(bench.backend, idOf(1), part as PartId)), String(bytes))
    }
  })

  declare('opens the stream at most once', async ({ backend }) => {
    let opened = 0
    await takeSnapshot(backend, idOf(1), {
      'service/db': () => {
        opened += 1
        return wholeStream(pseudoRandomBytes(62, 5000))
      },
    })
    assert.equal(opened, 1)
  })

  declare('rejects with the error that opening the stream throws', async (bench) => {
    const error = new Error('the hook cannot be started')
    await leavesNothing(
      bench,
      () => {
        throw error
      },
      error,
    )
  })

  for (const place of [0, 1000, 9_000_000]) {
    const bytes = pseudoRandomBytes(63, 9_000_001)

    declare(`rejects with the stream's own error when it fails after ${place} bytes`, async (bench) => {
      const error = new Error('the dump failed')
      await leavesNothing(bench, () => erroringStream(bytes, place, error), error)
    })

    declare(`rejects when the stream closes without an end after ${place} bytes`, async (bench) => {
      await leavesNothing(bench, () => cutStream(bytes, place))
    })
  }

  declare('reads nothing from a part that the snapshot does not hold', async (bench) => {
    await takeSnapshot(bench.backend, idOf(1), { 'service/db': pseudoRandomBytes(64, 100) })
    const ctx = testContext()
    await using reader = await bench.backend.reader(idOf(1), ctx)
    await assertCode(reader.getStream('service/absent', ctx), 'PART_UNKNOWN')
    await assertCode(reader.getTree('persist/absent', await bench.emptyDirectory(), ctx), 'PART_UNKNOWN')
  })

  declare('a reader may leave a stream in the middle and read others', async ({ backend }) => {
    const bytes = pseudoRandomBytes(65, 9_000_000)
    await takeSnapshot(backend, idOf(1), { 'service/a': bytes, 'service/b': bytes })
    const ctx = testContext()
    await using reader = await backend.reader(idOf(1), ctx)
    for await (const chunk of await reader.getStream('service/a', ctx)) {
      assert.ok(chunk.length > 0)
      break
    }
    assert.ok(bytes.equals(await readAll(await reader.getStream('service/b', ctx))))
  })
}

/** The put rejects, the snapshot stays invisible, and another one that was there is still whole. */
async function leavesNothing({ backend, reopen }: Bench, open: () => Readable, error?: Error): Promise<void> {
  const good = pseudoRandomBytes(66, 50_000)
  await takeSnapshot(backend, idOf(1), { 'service/db': good })
  {
    const ctx = testContext()
    await using writer = await backend.begin(draftOf(idOf(2)), ctx)
    const put = writer.putStream('service/db', open, ctx)
    await (error === undefined ? assert.rejects(put) : assertRejectsWith(put, error))
  }
  await assertInvisible(await reopen(), idOf(2))
  assert.ok(good.equals(await streamOf(backend, idOf(1), 'service/db')))
}
