import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimes } from '@angee/core/posix'
import { describe, expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { contentDigestOf } from '../src/tree/content-digest.ts'
import { contextAhead, contextAt, fullSummary, remember, reseal, sourceAfter } from './support/remembered.ts'
import { temporary, temporaryIn } from './support/temporary.ts'
import { mayMount, trustedPlaceSuite } from './support/trusted-place.ts'
import { asRoot } from './support/whole-tree.ts'

function makeTree(tree: string): void {
  mkdirSync(join(tree, 'dir/sub'), { recursive: true })
  mkdirSync(join(tree, 'links'))
  mkdirSync(join(tree, 'cache'))
  writeFileSync(join(tree, 'file'), 'content')
  writeFileSync(join(tree, 'other'), 'CONTENT')
  writeFileSync(join(tree, 'dir/sub/deep'), 'deep')
  writeFileSync(join(tree, 'large'), Buffer.alloc(200_000, 'large '))
  writeFileSync(join(tree, 'dir.file'), 'sorts between dir and what dir holds, by whole paths')
  writeFileSync(join(tree, 'cache/excluded'), 'excluded')
  writeFileSync(join(tree, 'links/one'), 'linked')
  linkSync(join(tree, 'links/one'), join(tree, 'links/two'))
  linkSync(join(tree, 'dir/sub/deep'), join(tree, 'z-second-name'))
  symlinkSync('file', join(tree, 'symlink'))
}

/** Does something to a file and sets its modification time back to what it was. */
function behindItsBack(path: string, change: (path: string) => void): void {
  const { mtimeNs } = lstatSync(path, { bigint: true })
  change(path)
  setTimes(path, mtimeNs, mtimeNs)
}

const edits: Record<string, (at: (name: string) => string) => void> = {
  'a file is overwritten with as many bytes': (at) => writeFileSync(at('file'), 'CONTENT'),
  'the same, and its modification time is set back': (at) =>
    behindItsBack(at('file'), (path) => writeFileSync(path, 'CONTENT')),
  'a byte of a large file is, in place': (at) =>
    behindItsBack(at('large'), (path) => writeFileSync(path, 'L', { flag: 'r+' })),
  'a file grows': (at) => appendFileSync(at('file'), '.'),
  'a file shrinks': (at) => truncateSync(at('file'), 3),
  'a file is emptied': (at) => truncateSync(at('file')),
  'the mode changes': (at) => chmodSync(at('file'), 0o600),
  'an attribute is set': (at) => void execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', at('file')]),
  'an attribute of a directory is set': (at) => void execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', at('dir')]),
  'a modification time changes': (at) => utimesSync(at('file'), 1_000_000, 1_000_000),
  'a file is renamed': (at) => renameSync(at('file'), at('elif')),
  'two files change places': (at) => {
    renameSync(at('file'), at('third'))
    renameSync(at('other'), at('file'))
    renameSync(at('third'), at('other'))
  },
  'a directory is renamed, and a second name becomes the first': (at) => renameSync(at('dir'), at('~dir')),
  'a file is replaced by another one of the same bytes and times': (at) => {
    const { mtimeNs } = lstatSync(at('file'), { bigint: true })
    writeFileSync(at('file~'), 'content')
    setTimes(at('file~'), mtimeNs, mtimeNs)
    renameSync(at('file~'), at('file'))
  },
  'a file is replaced by a directory': (at) => {
    unlinkSync(at('file'))
    mkdirSync(at('file'))
  },
  'a hard link is made': (at) => linkSync(at('file'), at('dir/again')),
  'a hard link is made outside': (at) => linkSync(at('file'), at('../outside')),
  'a hard link is removed': (at) => unlinkSync(at('links/two')),
  'the first of two names is removed': (at) => unlinkSync(at('links/one')),
  'a hard link becomes a file of its own': (at) => {
    unlinkSync(at('links/two'))
    writeFileSync(at('links/two'), 'linked')
  },
  'a symbolic link gets another target': (at) => {
    unlinkSync(at('symlink'))
    symlinkSync('elif', at('symlink'))
  },
  'a file is added': (at) => writeFileSync(at('dir/sub/new'), ''),
  'a file is added, and the time of its directory set back': (at) =>
    behindItsBack(at('dir/sub'), (path) => writeFileSync(join(path, 'new'), '')),
  'an empty directory is added': (at) => mkdirSync(at('dir/sub/empty')),
  'a file is removed': (at) => unlinkSync(at('other')),
  'everything is removed': (at) => {
    for (const name of ['dir', 'links', 'cache', 'file', 'other', 'large', 'dir.file', 'z-second-name', 'symlink'])
      rmSync(at(name), { recursive: true })
  },
}
if (asRoot) edits['the owner changes'] = (at) => chownSync(at('file'), 1234, 5678)

trustedPlaceSuite('a tree since it was remembered', (place) => {
  const exclude = ['cache', 'not/there']

  it.each(Object.entries(edits))('is known to be another when %s, and its summary is right', async (_, edit) => {
    const tree = temporaryIn(place, 'tree')
    makeTree(tree)
    const remembered = await remember(place, tree, exclude)
    edit((name) => join(tree, name))
    const source = sourceAfter(remembered, tree, exclude)
    expect(await source.unchanged(contextAhead())).toBe(false)
    const { summary, warnings } = await treeTools.summarize(source, contextAhead())
    expect(warnings).toEqual([])
    expect(summary).toEqual(await fullSummary(tree, exclude))
  })

  it.each<[string, (tree: string) => void]>([
    ['nothing has happened', () => undefined],
    ['its files were read', (tree) => void readFileSync(join(tree, 'file'))],
    ['only what is left out has changed', (tree) => writeFileSync(join(tree, 'cache/excluded'), 'changed')],
  ])('is known to be the same when %s, again and again', async (_, happens) => {
    const tree = temporaryIn(place, 'tree')
    makeTree(tree)
    const remembered = await remember(place, tree, exclude)
    happens(tree)
    const source = sourceAfter(remembered, tree, exclude)
    expect(await source.unchanged(contextAhead())).toBe(true)
    const { summary } = await treeTools.summarize(source, contextAhead())
    expect(summary).toEqual(remembered.summary)
    // What the summary remembered without reading serves as well as what was read.
    const next = { file: source.memory?.next ?? '', summary }
    expect(await sourceAfter(next, tree, exclude).unchanged(contextAhead())).toBe(true)
    expect(readFileSync(next.file)).toEqual(readFileSync(remembered.file))
  })

  it('is summarized without reading a file that has not changed', async () => {
    const tree = temporaryIn(place, 'tree')
    makeTree(tree)
    const remembered = await remember(place, tree, exclude)
    const source = sourceAfter(remembered, tree, exclude)
    writeFileSync(join(tree, 'file'), 'CONTENT')
    const right = await fullSummary(tree, exclude)
    expect((await treeTools.summarize(source, contextAhead())).summary).toEqual(right)
    // What is said of a file's content now can only come from the memory.
    const [was, lie] = ['large ', 'LARGE '].map((text) => contentDigestOf(Buffer.alloc(200_000, text)))
    reseal(remembered.file, Buffer.from(was ?? '', 'hex'), Buffer.from(lie ?? '', 'hex'))
    writeFileSync(join(tree, 'other'), 'is read')
    const { summary } = await treeTools.summarize(source, contextAhead())
    expect(summary.entries).toEqual(right.entries)
    expect(summary.digest).not.toBe((await fullSummary(tree, exclude)).digest)
    writeFileSync(join(tree, 'large'), Buffer.alloc(200_000, 'large '))
    const { summary: again } = await treeTools.summarize(source, contextAhead())
    expect(again).toEqual(await fullSummary(tree, exclude))
  })

  it('is not compared with what was remembered of another directory, or with other things left out', async () => {
    const tree = temporaryIn(place, 'tree')
    makeTree(tree)
    const remembered = await remember(place, tree, exclude)
    expect(await sourceAfter(remembered, tree, ['cache']).unchanged(contextAhead())).toBe(false)
    expect(await sourceAfter(remembered, tree, [...exclude, 'file']).unchanged(contextAhead())).toBe(false)
    renameSync(tree, `${tree}-moved`)
    expect(await sourceAfter(remembered, `${tree}-moved`, exclude).unchanged(contextAhead())).toBe(false)
  })

  it('is not compared with the memory of a tree that the snapshot does not hold', async () => {
    const tree = temporaryIn(place, 'tree')
    makeTree(tree)
    const { file, summary } = await remember(place, tree)
    const other = { file, summary: { ...summary, digest: `sha256:${'0'.repeat(64)}` } }
    expect(await sourceAfter(other, tree).unchanged(contextAhead())).toBe(false)
  })
})

trustedPlaceSuite('times that say too little', (place) => {
  /** Whether a tree is reused that was read so many milliseconds after `name` in it changed last. */
  const isReusedAfter = async (milliseconds: number, tree: string, name: string) => {
    const now = Number(lstatSync(join(tree, name), { bigint: true }).ctimeMs) + milliseconds
    const remembered = await remember(place, tree, [], contextAt(now))
    return sourceAfter(remembered, tree).unchanged(contextAhead())
  }

  it('are those of the last two seconds before it was read', async () => {
    const tree = temporaryIn(place, 'tree')
    writeFileSync(join(tree, 'file'), 'just now')
    for (const milliseconds of [0, 1000, 1990])
      expect(await isReusedAfter(milliseconds, tree, 'file'), String(milliseconds)).toBe(false)
    expect(await isReusedAfter(2010, tree, 'file')).toBe(true)
  })

  it('are those of longer ago for a file that takes longer to write in one call', async () => {
    const tree = temporaryIn(place, 'tree')
    writeFileSync(join(tree, 'large'), '')
    truncateSync(join(tree, 'large'), 1 << 30)
    expect(await isReusedAfter(60_000, tree, 'large')).toBe(false)
    expect(await isReusedAfter(70_000, tree, 'large')).toBe(true)
  })

  it('are those of the future', async () => {
    const tree = temporaryIn(place, 'tree')
    writeFileSync(join(tree, 'file'), 'written while the clock was wrong')
    expect(await isReusedAfter(-3_600_000, tree, 'file')).toBe(false)
    const nextYear = Date.now() / 1000 + 365 * 86_400
    utimesSync(join(tree, 'file'), nextYear, nextYear)
    expect(await isReusedAfter(3_600_000, tree, 'file')).toBe(false)
  })

  it('are those of a tree that did not stand still, or of which something could not be kept', async () => {
    const tree = temporaryIn(place, 'tree')
    const server = createServer().listen(join(tree, 'socket'))
    const { file } = await remember(place, tree)
    server.close()
    expect(existsSync(file)).toBe(false)
  })

  it('leave nothing remembered of an earlier reading either', async () => {
    const tree = temporaryIn(place, 'tree')
    const { file } = await remember(place, tree)
    expect(existsSync(file)).toBe(true)
    const server = createServer().listen(join(tree, 'socket'))
    await treeTools.summarize(treeTools.source(tree, [], { memory: { next: file } }), contextAhead())
    server.close()
    expect(existsSync(file)).toBe(false)
  })

  it.runIf(mayMount())('are those of another device inside', async () => {
    const tree = temporaryIn(place, 'tree')
    mkdirSync(join(tree, 'mounted'))
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(tree, 'mounted')])
    try {
      writeFileSync(join(tree, 'mounted/file'), 'content')
      const remembered = await remember(place, tree)
      const source = sourceAfter(remembered, tree)
      expect(await source.unchanged(contextAhead())).toBe(false)
      expect((await treeTools.summarize(source, contextAhead())).summary).toEqual(remembered.summary)
    } finally {
      execFileSync('umount', [join(tree, 'mounted')])
    }
  })

  it.runIf(mayMount())('are those of a file system in memory', async () => {
    const tree = temporary('tree')
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', tree])
    try {
      expect(existsSync((await remember(place, tree)).file)).toBe(false)
    } finally {
      execFileSync('umount', [tree])
    }
  })
})

describe('an interrupted comparison', () => {
  it('rejects with the reason', async () => {
    const tree = temporary('tree')
    const reason = new Error('stop')
    const ctx = { ...contextAhead(), signal: AbortSignal.abort(reason) }
    const source = sourceAfter({ file: join(tree, 'none'), summary: await fullSummary(tree) }, tree)
    await expect(source.unchanged(ctx)).rejects.toBe(reason)
    await expect(treeTools.summarize(source, ctx)).rejects.toBe(reason)
  })
})
