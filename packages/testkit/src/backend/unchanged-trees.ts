import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SnapshotManifest, TreeSource } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { describeTree } from '../trees/index.ts'
import type { DeclareCase } from './fixture.ts'
import { idOf, restoredTree, takeSnapshot } from './snapshots.ts'
import { manifold } from './tree-parts.ts'

/** A tree that an earlier snapshot holds already: whether a backend makes use of that or not, the later one is whole. */
export function unchangedTreeCases(declare: DeclareCase): void {
  declare('a second snapshot of the same tree costs less where the backend says so', async (bench, test) => {
    if (!bench.backend.capabilities.incremental) return test.skip('the backend is not incremental')
    const source = await bench.makeTree(manifold)
    const first = await takeSnapshot(bench.backend, idOf(1), { 'persist/data': source })
    const again = asBefore(source, first)
    const second = await takeSnapshot(bench.backend, idOf(2), { 'persist/data': again.source })
    const [before, after] = [first, second].map(({ parts }) => parts[0])
    // It finds out by itself and stores less, or it is told and stores the same part again.
    if (again.asked()) assert.deepEqual(after, before)
    else assert.ok((after?.stored.bytes ?? 0) < (before?.stored.bytes ?? 0) / 2, 'as many bytes as the first')
  })

  declare('a tree that is unchanged is whole without the snapshot it was unchanged since', async (bench) => {
    const source = await bench.makeTree(manifold)
    const expected = await describeTree(source.directory)
    const first = await takeSnapshot(bench.backend, idOf(1), { 'persist/data': source })
    await takeSnapshot(bench.backend, idOf(2), { 'persist/data': asBefore(source, first).source })
    await bench.backend.delete(idOf(1), testContext())
    assert.deepEqual(await describeTree(await restoredTree(bench, idOf(2), 'persist/data')), expected)
    const report = await bench.backend.check?.(idOf(2), 'full', testContext())
    for (const { part, ok, problem } of report?.parts ?? []) assert.ok(ok, `${part}: ${problem}`)
  })

  declare('a tree that has changed is stored as it is now', async (bench) => {
    const source = await bench.makeTree({ file: 'old' })
    const first = await takeSnapshot(bench.backend, idOf(1), { 'persist/data': source })
    await writeFile(join(source.directory, 'file'), 'new')
    const changed = { ...asBefore(source, first).source, unchanged: async () => false }
    await takeSnapshot(bench.backend, idOf(2), { 'persist/data': changed })
    assert.equal(await readFile(join(await restoredTree(bench, idOf(2), 'persist/data'), 'file'), 'utf8'), 'new')
  })

  declare('an unchanged tree is read in full where what holds it is gone or cut', async (bench) => {
    const source = await bench.makeTree({
      file: 'content',
      'deep/er/file': 'more',
      link: { type: 'symlink', target: 'file' },
    })
    const expected = await describeTree(source.directory)
    const losses: ((id: string) => Promise<void> | undefined)[] = [
      (id) => bench.backend.delete(id, testContext()),
      (id) => bench.damage?.(id, 'persist/data', 'remove'),
      (id) => bench.damage?.(id, 'persist/data', 'cut'),
      (id) => bench.damage?.(id, 'manifest', 'remove'),
    ]
    for (const [index, lose] of losses.entries()) {
      const [old, now] = [index * 2 + 1, index * 2 + 2]
      const first = await takeSnapshot(bench.backend, idOf(old), { 'persist/data': source })
      await lose(idOf(old))
      await takeSnapshot(bench.backend, idOf(now), { 'persist/data': asBefore(source, first).source })
      assert.deepEqual(await describeTree(await restoredTree(bench, idOf(now), 'persist/data')), expected)
    }
  })
}

/** The source of a tree that is for certain what it was in a snapshot, and whether anyone wanted to know. */
function asBefore(source: TreeSource, { id, parts }: SnapshotManifest): { source: TreeSource; asked(): boolean } {
  const [stored] = parts
  assert.ok(stored, 'the snapshot has no part')
  let asked = false
  const unchanged = async (): Promise<boolean> => {
    asked = true
    return true
  }
  return { source: { ...source, previous: { id, stored }, unchanged }, asked: () => asked }
}
