import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { treeTools } from '@angee/archive'
import type { SnapshotWriter } from '@angee/core'
import {
  buildTree,
  collect,
  engineSuite,
  pseudoRandomBytes,
  stalledStream,
  testContext,
  wholeStream,
} from '@angee/testkit'
import { expect, it } from 'vitest'
import { damagePart } from './support/damage.ts'
import { killWriter } from './support/killed-writer.ts'
import { locksIn, password, program, restic, runningOn, snapshotsIn } from './support/repository.ts'
import { draftOf, idOf, manifestOf, open, type Place, placeIn, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const dump = pseudoRandomBytes(21, 5_000_000)

/** Somebody else's backup into the repository: it holds a lock until it is killed. */
async function foreignBackup({ repository }: Place): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(program, ['backup', '--stdin', '--no-cache'], {
    env: { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = once(child, 'exit')
  child.stdin.on('error', () => undefined)
  while (locksIn(repository).length === 0) await setTimeout(20)
  return {
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function bytesIn(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.reduce((sum, one) => sum + (one.isFile() ? statSync(join(one.parentPath, one.name)).size : 0), 0)
}

engineSuite('care for a restic repository', ['restic'], () => {
  it('leaves what others keep in the same repository alone', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    restic(place.repository, ['backup', '--stdin', '--tag', 'theirs', '--no-cache'], Buffer.from('theirs'))
    restic(
      place.repository,
      ['backup', '--stdin', '--tag', 'angee-snapshot=not-an-id', '--no-cache'],
      Buffer.from('odd'),
    )
    const theirs = snapshotsIn(place.repository).map(({ id }) => id)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    await backend.delete(idOf(1), testContext())
    await killWriter(place.stackRoot, place.repository, idOf(2))
    await backend.collectGarbage?.(testContext())
    expect(await collect(backend.list(testContext()))).toEqual([])
    expect(snapshotsIn(place.repository).map(({ id }) => id)).toEqual(theirs)
    expect(restic(place.repository, ['dump', theirs[0] ?? '', 'stdin', '--no-cache'])).toBe('theirs')
  })

  it('gives back the room of deleted snapshots, once for all of them', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    await take(backend, idOf(2), { 'service/db': pseudoRandomBytes(22, 5_000_000) })
    await take(backend, idOf(3), { 'service/db': Buffer.from('small') })
    await backend.delete(idOf(1), testContext())
    await backend.delete(idOf(2), testContext())
    expect(bytesIn(place.repository)).toBeGreaterThan(9_000_000)
    const ctx = testContext()
    expect(await backend.collectGarbage?.(ctx)).toEqual({ removed: 0, bytes: 0 })
    expect(ctx.logs.filter(({ message }) => message === 'restic prune started')).toHaveLength(1)
    expect(bytesIn(place.repository)).toBeLessThan(200_000)
    expect(String(await streamOf(backend, idOf(3), 'service/db'))).toBe('small')
    const again = testContext()
    await backend.collectGarbage?.(again)
    expect(again.logs.filter(({ message }) => message === 'restic prune started')).toHaveLength(0)
  })

  it('sweeps after a restic that was killed: its lock, and what it had stored', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    await take(await open(place), idOf(1), { 'service/db': dump })
    {
      await using writer = await (await open(place)).begin(draftOf(idOf(2)), testContext())
      await writer.putStream('service/first', () => wholeStream(Buffer.from('first')), testContext())
      const putting = writer.putStream('service/second', () => stalledStream(dump, 4_000_000), testContext())
      putting.catch(() => undefined)
      while (runningOn(place.repository).length === 0 || locksIn(place.repository).length === 0) await setTimeout(20)
      const killed = runningOn(place.repository)
      for (const pid of killed) process.kill(pid, 'SIGKILL')
      await expect(putting).rejects.toMatchObject({ code: 'BACKEND_FAILED', message: expect.stringMatching(/SIGKILL/) })
      while (killed.some((pid) => existsSync(`/proc/${pid}`))) await setTimeout(20)
    }
    const backend = await open(place)
    await backend.preflight(testContext())
    await backend.collectGarbage?.(testContext())
    expect(locksIn(place.repository)).toEqual([])
    expect(snapshotsIn(place.repository)).toHaveLength(2)
    expect(dump.equals(await streamOf(backend, idOf(1), 'service/db'))).toBe(true)
  })

  it('deletes in spite of the lock of a process that is no more', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    const { pid, kill } = await foreignBackup(place)
    await kill()
    while (existsSync(`/proc/${pid}`)) await setTimeout(20)
    expect(locksIn(place.repository)).toHaveLength(1)
    await backend.delete(idOf(1), testContext())
    expect(locksIn(place.repository)).toEqual([])
    expect(snapshotsIn(place.repository)).toEqual([])
  })

  it('sweeps nothing while somebody else writes, and says who', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    await backend.delete(idOf(1), testContext())
    const { pid, kill } = await foreignBackup(place)
    try {
      const ctx = testContext()
      await backend.collectGarbage?.(ctx)
      expect(ctx.progress).toContainEqual({ type: 'note', message: expect.stringMatching(`locked by PID ${pid} on`) })
      expect(locksIn(place.repository)).toHaveLength(1)
    } finally {
      await kill()
    }
  })

  it('sweeps nothing while some of the repository cannot be read', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    await take(await open(place), idOf(1), { 'service/db': dump })
    await killWriter(place.stackRoot, place.repository, idOf(2))
    damagePart(place.repository, idOf(1), 'manifest', 'flip')
    const before = snapshotsIn(place.repository).map(({ id }) => id)
    expect(await (await open(place)).collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
    expect(snapshotsIn(place.repository).map(({ id }) => id)).toEqual(before)
  })

  it('takes a manifest that was cut off for none, and sweeps it', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const tags = `angee-snapshot=${idOf(1)},angee-writer=elsewhere:1:0,angee-manifest=1000`
    const words = ['backup', '--stdin', '--stdin-filename', 'manifest.json', '--tag', tags, '--no-cache']
    restic(place.repository, words, Buffer.from('{"format": 1,'))
    const backend = await open(place)
    expect(await collect(backend.list(testContext()))).toEqual([])
    await expect(backend.stat(idOf(1), testContext())).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
    expect(await backend.collectGarbage?.(testContext())).toMatchObject({ removed: 0 })
    const later = { now: () => Date.now() + 8 * 24 * 3_600_000, sleep: testContext().clock.sleep }
    expect(await backend.collectGarbage?.(testContext({ clock: later }))).toMatchObject({ removed: 1 })
    expect(snapshotsIn(place.repository)).toEqual([])
  })

  it('of two manifests under one id, committed on two machines at one moment, shows the older one to everybody', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const manifest = await take(await open(place), idOf(1), { 'service/db': dump })
    const other = `${JSON.stringify({ ...manifest, name: 'the later one' }, undefined, 2)}\n`
    const tags = `angee-snapshot=${idOf(1)},angee-writer=elsewhere:1:0,angee-manifest=${Buffer.byteLength(other)}`
    const words = ['backup', '--stdin', '--stdin-filename', 'manifest.json', '--tag', tags, '--no-cache']
    restic(place.repository, words, Buffer.from(other))
    const backend = await open(place)
    expect(await collect(backend.list(testContext()))).toEqual([manifest])
    expect(await backend.stat(idOf(1), testContext())).toEqual(manifest)
    await backend.delete(idOf(1), testContext())
    expect(snapshotsIn(place.repository)).toEqual([])
  })

  it('refuses to commit what is not in the repository any more', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const backend = await open(place)
    {
      await using writer: SnapshotWriter = await backend.begin(draftOf(idOf(1)), testContext())
      const data = join(directory.path, 'data')
      await buildTree(data, { file: 'content' })
      const put = await writer.putTree('persist/data', treeTools.source(data, []), testContext())
      restic(place.repository, ['forget', snapshotsIn(place.repository)[0]?.id ?? '', '--no-cache'])
      await expect(writer.commit(manifestOf(idOf(1), [put]), testContext())).rejects.toMatchObject({
        code: 'BACKEND_FAILED',
        message: expect.stringContaining('not in the repository any more'),
      })
    }
    expect(snapshotsIn(place.repository)).toEqual([])
  })
})
