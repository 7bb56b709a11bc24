import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { collect, engineSuite, pseudoRandomBytes, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import descriptor from '../src/index.ts'
import type { ResticOptions } from '../src/options.ts'
import { mayNotMount, mountedDirectory } from './support/mounted.ts'
import { locksIn, password, program, restic } from './support/repository.ts'
import { idOf, open, type Place, placeIn, restore, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const dump = Buffer.from('a dump')
const unmade = (stackRoot: string): Place => ({ stackRoot, repository: join(stackRoot, 'deep/down/backups') })

engineSuite('opening a restic repository', ['restic'], () => {
  it('writes nothing; the first backup makes it, with its parents, for this user alone and hidden from git', async () => {
    await using directory = await temporaryDirectory()
    const place = unmade(directory.path)
    const backend = await open(place)
    await backend.preflight(testContext())
    expect(await collect(backend.list(testContext()))).toEqual([])
    expect(await backend.collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
    await backend.delete(idOf(1), testContext())
    expect(readdirSync(directory.path)).toEqual([])
    await take(backend, idOf(1), { 'service/db': dump })
    expect(statSync(place.repository).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(place.repository, '.gitignore'), 'utf8')).toBe('*\n')
    expect(dump.equals(await streamOf(await open(place), idOf(1), 'service/db'))).toBe(true)
    restic(place.repository, ['check', '--no-cache'])
  })

  it('two that make it at once end up with one', async () => {
    await using directory = await temporaryDirectory()
    const place = unmade(directory.path)
    const ids = [idOf(1), idOf(2)]
    await Promise.all(ids.map(async (id) => take(await open(place), id, { 'service/db': dump })))
    expect((await collect((await open(place)).list(testContext()))).map(({ id }) => id).sort()).toEqual(ids)
  })

  it('a preflight leaves nothing behind', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const before = readdirSync(place.repository, { recursive: true }).sort()
    await (await open(place)).preflight(testContext())
    expect(locksIn(place.repository)).toEqual([])
    expect(readdirSync(place.repository, { recursive: true }).sort()).toEqual(before)
  })

  describe('fails with CREDENTIAL_WRONG', () => {
    const calls = ['preflight', 'begin', 'list', 'stat'] as const
    it.each(calls)('when the password is wrong: %s', async (call) => {
      await using directory = await temporaryDirectory()
      const place = placeIn(directory.path)
      const backend = await open(place, { password: 'not the password' })
      const making = {
        preflight: () => backend.preflight(testContext()),
        begin: () => take(backend, idOf(1), {}),
        list: () => collect(backend.list(testContext())),
        stat: () => backend.stat(idOf(1), testContext()),
      }
      await expect(making[call]()).rejects.toMatchObject({ code: 'CREDENTIAL_WRONG' })
    })

    it.each([{ password_file: './no-such-file' }, { password_command: 'false' }, {}])(
      'when it is %j',
      async (given) => {
        await using directory = await temporaryDirectory()
        await expect(withoutOwn(placeIn(directory.path), given)).rejects.toMatchObject({
          code: 'CREDENTIAL_WRONG',
          hint: expect.stringContaining('password'),
        })
      },
    )
  })

  it.each([{ password_file: './secret' }, { password_command: 'cat ./secret' }])(
    'takes the password of %j',
    async (given) => {
      await using directory = await temporaryDirectory()
      writeFileSync(join(directory.path, 'secret'), `${password}\n`, { mode: 0o600 })
      await withoutOwn(placeIn(directory.path), given)
    },
  )

  it.each([
    ['that is not there', undefined, 'there is no restic'],
    [
      'that is too old',
      '#!/bin/sh\necho "restic 0.14.0 compiled with go1.19 on linux/amd64"\n',
      'is restic 0.14.0, and 0.18',
    ],
    ['that is something else', '#!/bin/sh\necho hello\n', 'there is no restic'],
  ])('names a program %s, and what to install', async (_, script, message) => {
    await using directory = await temporaryDirectory()
    const program = join(directory.path, 'restic')
    if (script !== undefined) writeFileSync(program, script, { mode: 0o755 })
    const backend = await open(placeIn(directory.path), { program })
    await expect(backend.preflight(testContext())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('Install restic 0.18'),
    })
  })

  it('names what stands where its directory should be', async () => {
    await using directory = await temporaryDirectory()
    const repository = join(directory.path, 'backups')
    writeFileSync(repository, 'a file')
    const backend = await open({ stackRoot: directory.path, repository })
    await expect(backend.preflight(testContext())).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(collect(backend.list(testContext()))).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})

/** A preflight with these options alone. */
async function withoutOwn({ stackRoot, repository }: Place, given: Partial<ResticOptions>): Promise<void> {
  const backend = await descriptor.open(
    { options: { repository, program, ...given }, stackRoot, trees: treeTools },
    testContext(),
  )
  await backend.preflight(testContext())
}

engineSuite('a disk below a restic repository', ['restic'], () => {
  it('that is full fails the part, and leaves what was there whole', async (test) => {
    await using disk = await mountedDirectory('size=6m')
    if (disk === undefined) return test.skip(mayNotMount)
    const place = placeIn(disk.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    await expect(take(backend, idOf(2), { 'service/db': pseudoRandomBytes(3, 12_000_000) })).rejects.toMatchObject({
      code: 'SPACE_INSUFFICIENT',
      message: expect.stringContaining('no space left'),
    })
    expect((await collect(backend.list(testContext()))).map(({ id }) => id)).toEqual([idOf(1)])
    expect(dump.equals(await streamOf(backend, idOf(1), 'service/db'))).toBe(true)
  })

  it('that is read-only is BACKEND_READ_ONLY for whatever writes, and can be read and restored from', async (test) => {
    await using disk = await mountedDirectory('size=6m')
    if (disk === undefined) return test.skip(mayNotMount)
    await using directory = await temporaryDirectory()
    const place = placeIn(disk.path)
    const data = join(directory.path, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'file'), 'content')
    await take(await open(place), idOf(1), { 'service/db': dump, 'persist/data': treeTools.source(data, []) })
    await disk.remount('ro')
    const backend = await open(place)
    await expect(backend.preflight(testContext())).rejects.toMatchObject({ code: 'BACKEND_READ_ONLY' })
    await expect(take(backend, idOf(2), { 'service/db': dump })).rejects.toMatchObject({ code: 'BACKEND_READ_ONLY' })
    await expect(backend.delete(idOf(1), testContext())).rejects.toMatchObject({ code: 'BACKEND_READ_ONLY' })
    await expect((await open(unmade(disk.path))).preflight(testContext())).rejects.toMatchObject({
      code: 'BACKEND_READ_ONLY',
    })
    expect(dump.equals(await streamOf(backend, idOf(1), 'service/db'))).toBe(true)
    const into = join(directory.path, 'into')
    mkdirSync(into, { mode: 0o700 })
    await restore(backend, idOf(1), 'persist/data', into)
    expect(readFileSync(join(into, 'file'), 'utf8')).toBe('content')
    expect((await backend.check?.(idOf(1), 'full', testContext()))?.parts.every(({ ok }) => ok)).toBe(true)
    rmSync(into, { recursive: true })
  })
})
