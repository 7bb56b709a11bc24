import { execFileSync } from 'node:child_process'
import { appendFileSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import type { TreeTools } from '@angee/core'
import { makeFifo, setTimes } from '@angee/core/posix'
import { buildTree, describeTree, engineSuite, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { makeWholeTree } from '../../archive/test/support/whole-tree.ts'
import { mapFile } from './support/mapped-file.ts'
import { mayNotMount, mountedDirectory } from './support/mounted.ts'
import { snapshotsIn } from './support/repository.ts'
import { idOf, open, placeIn, restore, take } from './support/snapshots.ts'
import { withoutPrivilege } from './support/without-privilege.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** A directory, and where it comes back to. */
function treesIn(path: string): { data: string; into: string } {
  const [data, into] = [join(path, 'data'), join(path, 'restored')]
  mkdirSync(data)
  mkdirSync(into, { mode: 0o700 })
  return { data, into }
}

const formOf = (locator = ''): string => (JSON.parse(locator) as { form: string }).form

engineSuite('trees in restic', ['restic'], () => {
  it('a tree with one of everything comes back identical, walked by restic', async () => {
    await using directory = await temporaryDirectory()
    const { data, into } = treesIn(directory.path)
    makeWholeTree(data)
    // restic reads ten GiB of hole byte by byte.
    rmSync(join(data, 'sparse'))
    setTimes(data, 0n, 1_111_111_111_000_000_111n)
    execFileSync('setfattr', ['-n', 'user.of the tree', '-v', 'x', data])
    execFileSync('setfattr', ['-n', 'user.with=equals%25', '-v', '0x00ff', join(data, 'hello')])
    const source = treeTools.source(data, [])
    const { summary } = await treeTools.summarize(source, testContext())
    const expected = await describeTree(data)

    const backend = await open(placeIn(directory.path))
    const { parts } = await take(backend, idOf(1), { 'persist/data': source })
    expect(parts[0]?.tree).toEqual(summary)
    expect(formOf(parts[0]?.locator)).toBe('tree')
    await restore(backend, idOf(1), 'persist/data', into)
    expect(await describeTree(into)).toEqual(expected)
    expect((await treeTools.summarize(treeTools.source(into, []), testContext())).summary).toEqual(summary)
  })

  describe.each<[string, (at: (name: string) => string) => void]>([
    [
      'a second name of a symbolic link',
      (at) => {
        symlinkSync('x', at('a'))
        linkSync(at('a'), at('b'))
      },
    ],
    [
      'a second name of a FIFO',
      (at) => {
        makeFifo(at('a'), 0o600)
        linkSync(at('a'), at('b'))
      },
    ],
    ['a time that 64 bits of nanoseconds do not hold', (at) => setTimes(at('file'), 0n, 10n ** 19n)],
    [
      'an extended attribute whose name is no text',
      (at) => execFileSync('bash', ['-c', `setfattr -n $'user.\\xff' -v v '${at('file')}'`]),
    ],
  ])('%s, which restic does not keep,', (_, make) => {
    it('comes back all the same, out of a tar archive', async () => {
      await using directory = await temporaryDirectory()
      const { data, into } = treesIn(directory.path)
      writeFileSync(join(data, 'file'), 'content')
      make((name) => join(data, name))
      const source = treeTools.source(data, [])
      const { summary } = await treeTools.summarize(source, testContext())
      const backend = await open(placeIn(directory.path))
      const { parts, warnings } = await take(backend, idOf(1), { 'persist/data': source })
      expect(formOf(parts[0]?.locator)).toBe('tar')
      expect(warnings).toEqual([])
      await restore(backend, idOf(1), 'persist/data', into)
      expect((await treeTools.summarize(treeTools.source(into, []), testContext())).summary).toEqual(summary)
      expect((await backend.check?.(idOf(1), 'full', testContext()))?.parts.every(({ ok }) => ok)).toBe(true)
    })
  })

  it('leaves out exactly the excluded sub-paths, whatever their names mean to restic', async () => {
    await using directory = await temporaryDirectory()
    const { data, into } = treesIn(directory.path)
    const odd = [
      'a*',
      '[x]',
      'q?',
      'back\\slash',
      '!not',
      '#hash',
      ' space ',
      '$HOME',
      'new\nline',
      '**',
      'ünï',
      'd/[e]*',
    ]
    const kept = [
      'ab',
      'x',
      'qq',
      'backslash',
      'not',
      'hash',
      'space',
      'd/e',
      'd/eee',
      '*',
      'unï',
      'sub/a*',
      'sub/!not',
    ]
    await buildTree(data, Object.fromEntries([...odd, ...kept].map((name) => [join(name, 'file'), name])))
    const source = treeTools.source(data, odd)
    const { summary } = await treeTools.summarize(source, testContext())
    const backend = await open(placeIn(directory.path))
    const { parts } = await take(backend, idOf(1), { 'persist/data': source })
    expect(parts[0]?.tree).toEqual(summary)
    expect(formOf(parts[0]?.locator)).toBe('tree')
    await restore(backend, idOf(1), 'persist/data', into)
    const files = (await describeTree(into)).filter((line) => / file /.test(line)).length
    expect(files).toBe(kept.length)
  })

  describe('a tree that changes while it is stored', () => {
    /** Tree tools that change a file whenever a summary has been made: restic may have seen it before or after. */
    const meddling = (file: string, times: number): TreeTools => {
      let left = times
      return {
        ...treeTools,
        summarize: async (source, ctx) => {
          const result = await treeTools.summarize(source, ctx)
          if (source.exclude.includes('meddle') && left-- > 0) appendFileSync(file, 'more')
          return result
        },
      }
    }

    it('is read again, and what did not count is removed', async () => {
      await using directory = await temporaryDirectory()
      const { data, into } = treesIn(directory.path)
      await buildTree(data, { log: 'begin', other: 'content' })
      const place = placeIn(directory.path)
      const backend = await open(place, {}, meddling(join(data, 'log'), 2))
      const { parts, warnings } = await take(backend, idOf(1), { 'persist/data': treeTools.source(data, ['meddle']) })
      expect(warnings).toEqual([])
      expect(formOf(parts[0]?.locator)).toBe('tree')
      expect(snapshotsIn(place.repository)).toHaveLength(2)
      await restore(backend, idOf(1), 'persist/data', into)
      expect(await describeTree(into)).toEqual(await describeTree(data))
    })

    it('is stored as a tar archive when it never stands still, and that comes back', async () => {
      await using directory = await temporaryDirectory()
      const { data, into } = treesIn(directory.path)
      await buildTree(data, { log: 'begin', other: 'content' })
      const place = placeIn(directory.path)
      const backend = await open(place, {}, meddling(join(data, 'log'), Number.POSITIVE_INFINITY))
      const { parts } = await take(backend, idOf(1), { 'persist/data': treeTools.source(data, ['meddle']) })
      expect(formOf(parts[0]?.locator)).toBe('tar')
      expect(snapshotsIn(place.repository)).toHaveLength(2)
      await restore(backend, idOf(1), 'persist/data', into)
      const { summary } = await treeTools.summarize(treeTools.source(into, []), testContext())
      expect(summary).toEqual(parts[0]?.tree)
    })

    it('is noticed when a program stores into a mapped file, of which no call tells', async () => {
      await using directory = await temporaryDirectory()
      const { data, into } = treesIn(directory.path)
      using mapped = mapFile(join(data, 'mapped'))
      mapped.store('before')
      let stores = 0
      const trees: TreeTools = {
        ...treeTools,
        summarize: async (source, ctx) => {
          const result = await treeTools.summarize(source, ctx)
          if (source.exclude.length > 0 && stores++ === 0) mapped.store('between')
          return result
        },
      }
      const place = placeIn(directory.path)
      const backend = await open(place, {}, trees)
      const { parts } = await take(backend, idOf(1), { 'persist/data': treeTools.source(data, ['none']) })
      expect(stores).toBe(2)
      expect(formOf(parts[0]?.locator)).toBe('tree')
      await restore(backend, idOf(1), 'persist/data', into)
      expect(readFileSync(join(into, 'mapped'), 'latin1')).toMatch(/^between/)
    })

    it('is what its digest says, however a writer hurries', async () => {
      await using directory = await temporaryDirectory()
      const { data } = treesIn(directory.path)
      await buildTree(data, Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, `${index}`])))
      const backend = await open(placeIn(directory.path))
      let writing = true
      let turn = 0
      const writer = (async () => {
        while (writing) {
          // Of the same length: only its times and its bytes differ.
          writeFileSync(join(data, `f${turn % 50}`), String(turn++ % 10))
          await new Promise((resolve) => setTimeout(resolve, 7))
        }
      })()
      try {
        for (const number of [1, 2, 3]) {
          await take(backend, idOf(number), { 'persist/data': treeTools.source(data, []) })
          const into = join(directory.path, `into-${number}`)
          mkdirSync(into, { mode: 0o700 })
          await restore(backend, idOf(number), 'persist/data', into)
        }
      } finally {
        writing = false
        await writer
      }
    })
  })

  it('is stored as a tar archive where no time tells of a change', async (test) => {
    await using disk = await mountedDirectory('size=8m')
    if (disk === undefined) return test.skip(mayNotMount)
    await using directory = await temporaryDirectory()
    await buildTree(disk.path, { file: 'content' })
    const backend = await open(placeIn(directory.path))
    const { parts } = await take(backend, idOf(1), { 'persist/data': treeTools.source(disk.path, []) })
    expect(formOf(parts[0]?.locator)).toBe('tar')
  })

  it('reads no file again that is as it was in the last snapshot', async () => {
    await using directory = await temporaryDirectory()
    const { data } = treesIn(directory.path)
    await buildTree(data, { a: 'a', b: 'b', 'c/d': 'd' })
    const place = placeIn(directory.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'persist/data': treeTools.source(data, []) })
    writeFileSync(join(data, 'b'), 'new')
    await take(await open(place), idOf(2), { 'persist/data': treeTools.source(data, []) })
    const summaries = snapshotsIn(place.repository).flatMap(({ paths, summary }) =>
      paths[0] === data ? [summary] : [],
    )
    expect(summaries).toMatchObject([
      { files_new: 3, files_unmodified: 0 },
      { files_new: 0, files_changed: 1, files_unmodified: 2 },
    ])
  })

  it('names what cannot be read, and stores nothing', async () => {
    await using directory = await temporaryDirectory()
    const { data } = treesIn(directory.path)
    await buildTree(data, { closed: { type: 'file', content: 'x', mode: 0 }, other: 'x' })
    const place = placeIn(directory.path)
    {
      using _ = withoutPrivilege(directory.path)
      const backend = await open(place)
      await expect(take(backend, idOf(1), { 'persist/data': treeTools.source(data, []) })).rejects.toMatchObject({
        code: 'TREE_UNREADABLE',
        message: expect.stringContaining('closed'),
      })
    }
    expect(snapshotsIn(place.repository)).toEqual([])
  })

  it('comes back to somebody who may not give files away, with a warning', async (test) => {
    if (process.geteuid?.() !== 0) return test.skip('only root has files of others to store')
    await using directory = await temporaryDirectory()
    const { data, into } = treesIn(directory.path)
    await buildTree(data, { file: 'content', 'sub/file': 'more' })
    const place = placeIn(directory.path)
    await take(await open(place), idOf(1), { 'persist/data': treeTools.source(data, []) })
    using _ = withoutPrivilege(directory.path)
    const ctx = testContext()
    await restore(await open(place), idOf(1), 'persist/data', into, ctx)
    expect(ctx.progress.filter(({ type }) => type === 'warning')).toMatchObject([
      { warning: { part: 'persist/data', kind: 'not-kept' } },
    ])
    expect((await describeTree(into)).map((line) => line.replace('65534:65534', '0:0'))).toEqual(
      (await describeTree(data)).map((line) => line.replace('65534:65534', '0:0')),
    )
  })
})
