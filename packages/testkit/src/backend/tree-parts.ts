import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAngeeError, type PartId } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes } from '../streams/index.ts'
import { describeTree, type TreeSpec } from '../trees/index.ts'
import type { Bench, DeclareCase } from './fixture.ts'
import { assertInvisible, draftOf, idOf, restoredTree, takeSnapshot } from './snapshots.ts'

/** What a backend must not lose, whatever stores it. The archive's own tests go much further. */
export const manifold: TreeSpec = {
  'file.txt': { type: 'file', content: 'text', mode: 0o640, modifiedNs: 1_600_000_000_123_456_789n },
  'empty-file': '',
  'large.bin': pseudoRandomBytes(70, 5_000_003),
  'empty-directory': { type: 'directory', mode: 0o700, modifiedNs: 1_500_000_000_000_000_001n },
  'deep/er/and/deeper/file': 'deep',
  'executable.sh': { type: 'file', content: '#!/bin/sh\n', mode: 0o755 },
  'read-only': { type: 'file', content: 'fixed', mode: 0o444 },
  'link-to-file': { type: 'symlink', target: 'file.txt' },
  'link-to-nowhere': { type: 'symlink', target: '../../outside/does not exist' },
  'second-name': { type: 'hardlink', of: 'file.txt' },
  'with space and "quotes"': 'odd',
  'naïve-名前-🗄': 'unicode',
  'new\nline': 'newline',
  [`long-${'n'.repeat(200)}`]: 'long name',
  '-rf': 'looks like an option',
}

/** Tree parts: round trips, what is left out, and what is refused. */
export function treePartCases(declare: DeclareCase): void {
  declare('gives back a tree entry by entry', async (bench) => {
    const source = await bench.makeTree(manifold)
    const expected = await describeTree(source.directory)
    const { parts } = await takeSnapshot(bench.backend, idOf(1), { 'persist/data': source })
    assert.deepEqual(await describeTree(await restored(bench, 'persist/data')), expected)

    const { summary } = await bench.trees.summarize(source, testContext())
    assert.equal(parts[0]?.kind, 'tree')
    assert.deepEqual(parts[0]?.tree, summary)
  })

  declare('gives back an empty tree', async (bench) => {
    await takeSnapshot(bench.backend, idOf(1), { 'persist/data': await bench.makeTree({}) })
    assert.deepEqual(await describeTree(await restored(bench, 'persist/data')), [])
  })

  declare(
    'leaves out every excluded sub-path with what lies below it, and nothing that only begins alike',
    async (bench) => {
      const kept: TreeSpec = { 'a/keep': 'a', 'cache-of-mine': 'b', 'deep/er/keep': 'c', 'pg/data2/keep': 'd' }
      const left: TreeSpec = { 'cache/x/y': 'e', 'pg/data/base': 'f', 'deep/er/file': 'g' }
      const times = { modifiedNs: 1_600_000_000_000_000_000n }
      const directories = Object.fromEntries(
        ['a', 'deep', 'deep/er', 'pg', 'pg/data2'].map((path) => [path, { type: 'directory', ...times } as const]),
      )
      const files = (spec: TreeSpec): TreeSpec =>
        Object.fromEntries(
          Object.entries(spec).map(([path, content]) => [path, { type: 'file', content: String(content), ...times }]),
        )
      const source = await bench.makeTree({ ...files(kept), ...files(left), ...directories }, [
        'cache',
        'pg/data',
        'deep/er/file',
        'not/there',
      ])
      const expected = await bench.makeTree({ ...files(kept), ...directories })
      await takeSnapshot(bench.backend, idOf(1), { 'persist/data': source })
      assert.deepEqual(
        await describeTree(await restored(bench, 'persist/data')),
        await describeTree(expected.directory),
      )
    },
  )

  declare('refuses to extract into a directory that is not empty, and leaves it alone', async (bench) => {
    await takeSnapshot(bench.backend, idOf(1), { 'persist/data': await bench.makeTree(manifold) })
    const into = await bench.emptyDirectory()
    await writeFile(join(into, 'precious'), 'precious')
    const before = await describeTree(into)
    await using reader = await bench.backend.reader(idOf(1), testContext())
    await assert.rejects(reader.getTree('persist/data', into, testContext()), (error) => isAngeeError(error))
    assert.deepEqual(await describeTree(into), before)
  })

  declare('rejects when the tree cannot be read, and leaves nothing', async (bench) => {
    const source = await bench.makeTree({ file: 'content' })
    await rm(source.directory, { recursive: true })
    {
      await using writer = await bench.backend.begin(draftOf(idOf(1)), testContext())
      await assert.rejects(writer.putTree('persist/data', source, testContext()))
    }
    await assertInvisible(bench.backend, idOf(1))
  })
}

async function restored(bench: Bench, part: PartId): Promise<string> {
  return restoredTree(bench, idOf(1), part)
}
