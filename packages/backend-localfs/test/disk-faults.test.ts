import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pseudoRandomBytes, readAll, testContext, wholeStream } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { localfsObjectStore } from '../src/store/index.ts'
import { mayNotMount, mountedDirectory } from './mounted.ts'
import { temporaryDirectory } from './temporary-directory.ts'

describe('a full disk', () => {
  it('fails the put with its path and a hint, and leaves nothing of it', async (test) => {
    await using disk = await mountedDirectory('size=2m')
    if (disk === undefined) return test.skip(mayNotMount)
    const store = localfsObjectStore(join(disk.path, 'backups'))
    await store.put('old', Buffer.from('old'), {}, testContext())
    for (const key of ['new', 'old']) {
      const put = store.put(key, wholeStream(pseudoRandomBytes(1, 5_000_000)), {}, testContext())
      await expect(put).rejects.toMatchObject({
        code: 'SPACE_INSUFFICIENT',
        message: expect.stringContaining(disk.path),
        hint: expect.stringContaining('Free space'),
      })
    }
    expect(await readdir(join(disk.path, 'backups/.incoming~'))).toEqual([])
    expect((await readdir(join(disk.path, 'backups'))).sort()).toEqual(['.incoming~', 'old'])
    expect(String(await readAll(await store.get('old', undefined, testContext())))).toBe('old')
    await store.put('new', pseudoRandomBytes(2, 1_000_000), {}, testContext())
  })

  it('fails the preflight when nearly full', async (test) => {
    await using disk = await mountedDirectory('size=2m')
    if (disk === undefined) return test.skip(mayNotMount)
    await expect(localfsObjectStore(disk.path).preflight(testContext())).rejects.toMatchObject({
      code: 'SPACE_INSUFFICIENT',
      message: expect.stringContaining('2097152'),
    })
  })
})

describe('a disk that is mounted read-only', () => {
  it('is BACKEND_READ_ONLY for whatever writes, and can be read', async (test) => {
    await using disk = await mountedDirectory('size=2m')
    if (disk === undefined) return test.skip(mayNotMount)
    const store = localfsObjectStore(join(disk.path, 'backups'))
    await store.put('old', Buffer.from('old'), {}, testContext())
    await disk.remount('ro')
    const unmade = localfsObjectStore(join(disk.path, 'unmade'))
    for (const call of [
      () => store.put('new', Buffer.from('new'), {}, testContext()),
      () => store.delete('old', testContext()),
      () => store.preflight(testContext()),
      () => unmade.put('new', Buffer.from('new'), {}, testContext()),
      () => unmade.preflight(testContext()),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'BACKEND_READ_ONLY',
        hint: expect.stringContaining(disk.path),
      })
    }
    expect(String(await readAll(await store.get('old', undefined, testContext())))).toBe('old')
  })
})

describe('a directory that is none', () => {
  it('is BACKEND_UNAVAILABLE, and its listing does not end early', async () => {
    await using directory = await temporaryDirectory()
    const path = join(directory.path, 'backups')
    await writeFile(path, 'a file')
    const store = localfsObjectStore(path)
    const listing = async () => {
      for await (const object of store.list('', testContext())) expect(object).toBe('nothing')
    }
    await expect(listing()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(store.preflight(testContext())).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(store.put('a', Buffer.from('a'), {}, testContext())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining(path),
    })
  })
})

describe('a directory without permission', () => {
  it('is refused for writing, and a listing of it throws', async () => {
    await using directory = await temporaryDirectory()
    const path = join(directory.path, 'backups')
    const store = localfsObjectStore(path)
    await mkdir(path, { mode: process.geteuid?.() === 0 ? 0o700 : 0 })
    await chmod(directory.path, 0o755)
    using _ = withoutPrivilege()
    await expect(store.preflight(testContext())).rejects.toMatchObject({ code: 'BACKEND_READ_ONLY' })
    await expect(store.put('a', Buffer.from('a'), {}, testContext())).rejects.toMatchObject({
      code: 'BACKEND_READ_ONLY',
    })
    await expect(store.list('', testContext())[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })
})

/** Root passes every permission, so this process is somebody else for the while; another user already is. */
function withoutPrivilege(): Disposable {
  const user = process.geteuid?.()
  if (user === 0) process.seteuid?.(65534)
  return { [Symbol.dispose]: () => void (user === 0 && process.seteuid?.(0)) }
}
