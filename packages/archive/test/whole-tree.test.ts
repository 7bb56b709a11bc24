import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { testContext } from './support/context.ts'
import { attributesOf, describeTree } from './support/describe-tree.ts'
import { roundTrip, snapshotOf } from './support/snapshots.ts'
import { temporary } from './support/temporary.ts'
import { asRoot, makeDeepTree, makeWholeTree } from './support/whole-tree.ts'

describe('a tree with one of everything', () => {
  it('comes back identical, and its summary stays the same', async () => {
    const [source, target] = [temporary('source'), temporary('target')]
    makeWholeTree(source)
    const before = describeTree(source)
    const { stored, warnings } = await roundTrip(source, target)
    expect(describeTree(target)).toEqual(before)
    expect(warnings).toEqual([])
    const again = await treeTools.summarize(treeTools.source(target, []), testContext())
    expect(again).toEqual({ summary: stored.tree, warnings: [] })
  })

  it('keeps holes: ten GiB cost only their data, stored and restored', async () => {
    const [source, target] = [temporary('source'), temporary('target')]
    makeWholeTree(source)
    const { stored } = await roundTrip(source, target)
    expect(stored.raw.bytes).toBeLessThan(64 << 20)
    const { size, blocks } = statSync(join(target, 'sparse'))
    expect(size).toBe(10 * 2 ** 30)
    expect(blocks * 512).toBeLessThan(1 << 20)
  })

  it("is restored by the system's own zstd and tar", async () => {
    const [source, target] = [temporary('source'), temporary('target')]
    makeWholeTree(source)
    const { store } = await snapshotOf(source)
    const archive = join(target, '..', 'data.tar.zst')
    writeFileSync(archive, [...store.objects].find(([key]) => key.endsWith('persist.data.tar.zst'))?.[1] ?? '')
    // As the README says; -p because tests do not always run as root.
    execFileSync('sh', ['-c', 'zstd -dc "$1" | tar -xpf - -C "$2"', 'sh', archive, target])
    expect(describeTree(target)).toEqual(describeTree(source))
  })
})

describe('a tree deeper than the longest path', () => {
  it('is stored, extracted, summarized and removed', async () => {
    const [source, target] = [temporary('source'), temporary('target')]
    makeDeepTree(source)
    const { stored, warnings } = await roundTrip(source, target)
    expect(warnings).toEqual([])
    expect(stored.tree?.entries).toEqual({ file: 1, directory: 1001, symlink: 1, hardlink: 1, fifo: 1, device: 0 })
    expect(describeTree(target)).toEqual(describeTree(source))
    const again = await treeTools.summarize(treeTools.source(target, []), testContext())
    expect(again.summary).toEqual(stored.tree)
    await treeTools.remove(target)
    expect(existsSync(target)).toBe(false)
  })
})

describe('extended attributes', () => {
  it('come back on files and directories, access control lists included', async () => {
    const [source, target] = [temporary('source'), temporary('target')]
    mkdirSync(join(source, 'directory'))
    writeFileSync(join(source, 'file'), 'x')
    const set = (name: string, value: string, path: string) =>
      execFileSync('setfattr', ['-n', name, '-v', value, join(source, path)])
    set('user.plain', 'text', 'file')
    set('user.empty', '', 'file')
    set('user.bytes', '0x00ff0a3d', 'file')
    set('user.with=equals%25', 'x', 'file')
    set('user.of a directory', 'y', 'directory')
    const rights = ['01000600ffffffff', '02000400d2040000', '04000400ffffffff', '10000600ffffffff', '20000000ffffffff']
    set('system.posix_acl_access', `0x02000000${rights.join('')}`, 'file')
    if (asRoot) set('trusted.ours', 'z', 'file')
    const { warnings } = await roundTrip(source, target)
    expect(warnings).toEqual([])
    expect(attributesOf(target)).toBe(attributesOf(source))
    expect(attributesOf(target)).toContain('user.with\\075equals%25=0x78')
    expect(attributesOf(target)).toContain('posix_acl_access')
  })
})

it('names a socket as not kept, and keeps the rest', async () => {
  const [source, target] = [temporary('source'), temporary('target')]
  writeFileSync(join(source, 'beside'), 'x')
  const made = spawnSync(
    process.execPath,
    ['-e', `require('net').createServer().listen('socket',()=>process.kill(process.pid,9))`],
    { cwd: source },
  )
  expect(made.signal).toBe('SIGKILL')
  expect(lstatSync(join(source, 'socket')).isSocket()).toBe(true)
  const { warnings } = await roundTrip(source, target)
  expect(warnings).toMatchObject([{ part: 'persist/data', kind: 'not-kept', path: 'socket' }])
  expect(describeTree(target).map((line) => line.split(' ')[0])).toEqual(['.', 'beside'])
})
