import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, lstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { syncFileSystem } from '@angee/core/posix'
import { expect, it } from 'vitest'
import { systemCall } from '../../core/src/posix/library.ts'
import { treeTools } from '../src/index.ts'
import { contextAhead, fullSummary, remember, sourceAfter } from './support/remembered.ts'
import { temporary, temporaryIn } from './support/temporary.ts'
import { mayMount, trustedPlaceSuite } from './support/trusted-place.ts'

const readAndWrite = 3
const shared = 1
const bytes = 8192

interface Mapped extends Disposable {
  /** One store into the shared mapping of the file. */
  store(text: string, at: number): void
}

/** A file as a database maps it: what is stored into memory becomes the file's content, with no call that says so. */
function mapFile(path: string): Mapped {
  const descriptor = openSync(path, 'w+')
  ftruncateSync(descriptor, bytes)
  const map = systemCall('void *mmap(void *, size_t, int, int, int, int64_t)') as (...words: unknown[]) => unknown
  const copy = systemCall('void *memcpy(void *, const uint8_t *, size_t)')
  const address = map(null, bytes, readAndWrite, shared, descriptor, 0)
  const page = Buffer.alloc(bytes)
  return {
    store: (text, at) => {
      page.write(text, at)
      copy(address, page, bytes)
    },
    [Symbol.dispose]: () => {
      systemCall('int munmap(void *, size_t)')(address, bytes)
      closeSync(descriptor)
    },
  }
}

const changeTime = (path: string): bigint => lstatSync(path, { bigint: true }).ctimeNs

trustedPlaceSuite('a file that is mapped and stored into', (place) => {
  it('is another one after a store into a page that was written to before it was read', async () => {
    const tree = temporaryIn(place, 'tree')
    using file = mapFile(join(tree, 'file'))
    file.store('first', 0)
    const remembered = await remember(place, tree)
    expect(await sourceAfter(remembered, tree).unchanged(contextAhead())).toBe(true)
    file.store('second', 100)
    const source = sourceAfter(remembered, tree)
    expect(await source.unchanged(contextAhead())).toBe(false)
    expect((await treeTools.summarize(source, contextAhead())).summary).toEqual(await fullSummary(tree))
  })

  it('is another one after each of many snapshots and stores', async () => {
    const tree = temporaryIn(place, 'tree')
    using file = mapFile(join(tree, 'file'))
    let remembered = await remember(place, tree)
    for (let turn = 0; turn < 8; turn++) {
      file.store(`turn ${turn}`, turn * 10)
      const source = sourceAfter(remembered, tree)
      expect(await source.unchanged(contextAhead())).toBe(false)
      const { summary } = await treeTools.summarize(source, contextAhead())
      expect(summary).toEqual(await fullSummary(tree))
      expect(summary.digest).not.toBe(remembered.summary.digest)
      remembered = { file: source.memory?.next ?? '', summary }
      await setTimeout(20)
    }
  })

  it('shows the first store after each sync of its file system: why that is done', async () => {
    const tree = temporaryIn(place, 'tree')
    using file = mapFile(join(tree, 'file'))
    for (const text of ['a', 'b', 'c']) {
      await syncFileSystem(tree)
      const before = changeTime(join(tree, 'file'))
      await setTimeout(20)
      file.store(text, 0)
      expect(changeTime(join(tree, 'file'))).not.toBe(before)
    }
  })
})

it.runIf(mayMount())(
  'a store into a mapped file in memory never shows: why such a file system is read in full',
  async () => {
    const tree = temporary('tree')
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', tree])
    try {
      using file = mapFile(join(tree, 'file'))
      file.store('first', 0)
      await syncFileSystem(tree)
      const before = changeTime(join(tree, 'file'))
      await setTimeout(20)
      file.store('second', 0)
      expect(changeTime(join(tree, 'file'))).toBe(before)
      const remembered = await remember(tree, tree)
      expect(await sourceAfter(remembered, tree).unchanged(contextAhead())).toBe(false)
    } finally {
      execFileSync('umount', ['--lazy', tree])
    }
  },
)
