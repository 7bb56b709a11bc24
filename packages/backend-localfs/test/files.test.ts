import { execFileSync } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  collect,
  cutStream,
  erroringStream,
  pseudoRandomBytes,
  readAll,
  stalledStream,
  testContext,
} from '@angee/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { localfsObjectStore } from '../src/store/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const keysIn = async (path: string, prefix = '') =>
  (await collect(localfsObjectStore(path).list(prefix, testContext()))).map(({ key }) => key)

describe('files and directories', () => {
  const umask = process.umask()
  afterEach(() => void process.umask(umask))

  it('are for this user alone, whatever the umask', async () => {
    await using directory = await temporaryDirectory()
    process.umask(0)
    await localfsObjectStore(join(directory.path, 'made/here')).put('dir/a', Buffer.from('a'), {}, testContext())
    const modes = await Promise.all(
      ['made', 'made/here', 'made/here/.incoming~', 'made/here/dir', 'made/here/dir/a'].map(
        async (path) => (await stat(join(directory.path, path))).mode & 0o777,
      ),
    )
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600])
  })

  it('hide from git when the directory is made, and only then', async () => {
    await using directory = await temporaryDirectory()
    const path = join(directory.path, 'backups')
    const store = localfsObjectStore(path, { keepOutOfGit: true })
    await store.preflight(testContext())
    expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*\n')
    expect(await keysIn(path)).toEqual([])
    await expect(store.put('.gitignore', Buffer.from(''), {}, testContext())).rejects.toThrow('is not a key')

    await localfsObjectStore(directory.path, { keepOutOfGit: true }).preflight(testContext())
    await expect(stat(join(directory.path, '.gitignore'))).rejects.toThrow('ENOENT')
  })

  it('are on the disk before put resolves: the file first, then each directory up to the one that was there', async () => {
    await using directory = await temporaryDirectory()
    await using handle = await open(directory.path)
    const synced: number[] = []
    const prototype = Object.getPrototypeOf(handle) as { sync(): Promise<void>; fd: number }
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: { fd: number }) {
      synced.push(fstatSync(this.fd).ino)
    })
    await localfsObjectStore(join(directory.path, 'root')).put('a/b', Buffer.from('b'), {}, testContext())
    spy.mockRestore()
    const paths = ['', 'root/a/b', 'root/a', 'root']
    const inodes = await Promise.all(paths.map(async (path) => (await stat(join(directory.path, path))).ino))
    expect(synced).toEqual(inodes)
  })

  it('vanish with the last object in them, and the store stays', async () => {
    await using directory = await temporaryDirectory()
    const store = localfsObjectStore(directory.path)
    await store.put('a/b/c', Buffer.from('c'), {}, testContext())
    await store.put('a/d', Buffer.from('d'), {}, testContext())
    await store.delete('a/b/c', testContext())
    await expect(stat(join(directory.path, 'a/b'))).rejects.toThrow('ENOENT')
    await store.delete('a/d', testContext())
    expect((await stat(directory.path)).isDirectory()).toBe(true)
  })
})

describe('what lies beside the objects', () => {
  it('is neither listed nor touched when no key can name it', async () => {
    await using directory = await temporaryDirectory()
    await writeFile(join(directory.path, 'my notes.txt'), 'foreign')
    await mkdir(join(directory.path, 'lost+found'))
    await mkdir(join(directory.path, 'empty'))
    execFileSync('mkfifo', [join(directory.path, 'fifo')])
    const store = localfsObjectStore(directory.path)
    expect(await keysIn(directory.path)).toEqual([])
    for (const key of ['fifo', 'empty']) {
      await expect(store.get(key, undefined, testContext())).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' })
      expect(await store.head(key, testContext())).toBeUndefined()
    }
    expect(await readFile(join(directory.path, 'my notes.txt'), 'utf8')).toBe('foreign')
  })

  it('is not reached through symbolic links', async () => {
    await using directory = await temporaryDirectory()
    const outside = join(directory.path, 'outside')
    const inside = join(directory.path, 'inside')
    await mkdir(outside)
    await mkdir(inside)
    await writeFile(join(outside, 'secret'), 'secret')
    await symlink(outside, join(inside, 'dir'))
    await symlink(join(outside, 'secret'), join(inside, 'file'))
    const store = localfsObjectStore(inside)

    expect(await keysIn(inside)).toEqual([])
    expect(await keysIn(inside, 'dir/')).toEqual([])
    for (const key of ['dir/secret', 'file']) {
      await expect(store.get(key, undefined, testContext())).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' })
      expect(await store.head(key, testContext())).toBeUndefined()
    }
    await store.delete('dir/secret', testContext())
    await expect(store.put('dir/new', Buffer.from('new'), {}, testContext())).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringContaining('symbolic link'),
    })
    await store.put('file', Buffer.from('own'), {}, testContext())
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
    expect(await readFile(join(inside, 'file'), 'utf8')).toBe('own')
  })

  it('the store itself may be a symbolic link to a directory', async () => {
    await using directory = await temporaryDirectory()
    await mkdir(join(directory.path, 'real'))
    await symlink('real', join(directory.path, 'link'))
    await localfsObjectStore(join(directory.path, 'link')).put('a', Buffer.from('a'), {}, testContext())
    expect(await keysIn(join(directory.path, 'real'))).toEqual(['a'])
  })
})

describe('bodies and readers', () => {
  it('keeps an error of the body as it is, even one that looks like the disk’s own', async () => {
    await using directory = await temporaryDirectory()
    const error = Object.assign(new Error('ENOSPC: of another disk'), { code: 'ENOSPC' })
    const body = erroringStream(pseudoRandomBytes(1, 100_000), 90_000, error)
    const put = localfsObjectStore(directory.path).put('a', body, {}, testContext())
    await expect(put).rejects.toBe(error)
  })

  it('lets go of a body that it does not read to its end', async () => {
    await using directory = await temporaryDirectory()
    const store = localfsObjectStore(directory.path)
    await store.put('a', Buffer.from('a'), {}, testContext())
    const refused = stalledStream(Buffer.alloc(10), 10)
    await expect(store.put('a', refused, { ifAbsent: true }, testContext())).rejects.toMatchObject({
      code: 'OBJECT_EXISTS',
    })
    expect(refused.destroyed).toBe(true)
  })

  it('fails a reader whose file became shorter', async () => {
    await using directory = await temporaryDirectory()
    const store = localfsObjectStore(directory.path)
    await store.put('a', pseudoRandomBytes(1, 9_000_000), {}, testContext())
    const stream = await store.get('a', undefined, testContext())
    await truncate(join(directory.path, 'a'), 8_000_000)
    await expect(readAll(stream)).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringContaining('ends after 8000000 bytes instead of 9000000'),
    })
  })

  it('writes again under a name whose directory vanished meanwhile', async () => {
    await using directory = await temporaryDirectory()
    const store = localfsObjectStore(join(directory.path, 'store'))
    await store.put('a', Buffer.from('a'), {}, testContext())
    await rename(join(directory.path, 'store'), join(directory.path, 'moved'))
    await store.put('b', Buffer.from('b'), {}, testContext())
    expect(await keysIn(join(directory.path, 'store'))).toEqual(['b'])
  })

  it('leaves no file of an unfinished put behind', async () => {
    await using directory = await temporaryDirectory()
    const store = localfsObjectStore(directory.path)
    await expect(store.put('a', cutStream(Buffer.alloc(5000), 4000), {}, testContext())).rejects.toThrow()
    expect(await store.collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
    expect(await readdir(join(directory.path, '.incoming~'))).toEqual([])
  })
})
