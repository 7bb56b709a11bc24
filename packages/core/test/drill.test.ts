import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { emits, exits, type FakePrograms, fakeRuntime, takes, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { drillManifest } from '../src/drill/manifest.ts'
import { drillSnapshot, lockHolder, readCatalog, takeSnapshot } from '../src/index.ts'
import { fakeStack, giveRuntime, openFakeStack } from './support/runtimes.ts'

const manifest = `name: shop
persist: { data: { subpath: ./data }, uploads: { subpath: ./data/uploads }, dbdata: { subpath: ./data/db } }
secrets: { password: { generated: true } }
services:
  db:
    image: db
    restart: always
    ports: ["5432:5432"]
    mounts: ["persist://dbdata:/var/lib/db"]
    backup: { dump: dump, restore: restore, check: check, covers: [dbdata] }
  worker: { image: worker, depends_on: [db] }
`

/** A stack with a snapshot, and what its throw-away copies run on. */
async function shop(commands: FakePrograms) {
  const fake = await fakeStack(
    manifest,
    { services: { db: { state: 'running', commands: { dump: emits(Buffer.from('rows')) } } } },
    { 'data/one': 'one', 'data/uploads/two': 'two', 'data/db/live': 'live', '.env': 'PASSWORD=hidden-in-here\n' },
  )
  const snapshot = await takeSnapshot(fake.stack, {}, testContext())
  const copies: ReturnType<typeof fakeRuntime>[] = []
  const effects = {
    environment: {},
    freePorts: async (amount: number) => Array.from({ length: amount }, (_, index) => 20_000 + index),
    openStack: (root: string) => {
      const given =
        copies.at(-1) ?? fakeRuntime({ type: 'fake-container', services: { db: { state: 'absent', commands } } })
      if (copies.length === 0) copies.push(given)
      giveRuntime(root, 'container', given)
      return openFakeStack(root)
    },
  }
  return { ...fake, id: snapshot.manifest.id, effects, copies }
}

const sound: FakePrograms = { restore: takes(() => undefined), check: exits(0) }

describe('a drill', () => {
  it('restores into a copy of the stack, checks, removes the copy and notes the proof', async () => {
    const loaded: string[] = []
    const restore = takes((bytes) => {
      loaded.push(bytes.toString())
    })
    const { stack, root, id, effects, copies, container } = await shop({ ...sound, restore })
    const before = container.calls.length
    const report = await drillSnapshot(stack, id, effects, testContext())
    expect(report.parts).toEqual([
      { part: 'persist/data', proof: 'same digest' },
      { part: 'persist/uploads', proof: 'same digest' },
      { part: 'service/db', proof: 'checked' },
    ])
    expect(loaded).toEqual(['rows'])
    const [copy] = copies
    // Nothing but what was loaded was started, and all of it is gone.
    expect([copy?.starts('db'), copy?.starts('worker'), copy?.state('db')]).toEqual([1, 0, 'absent'])
    expect(copy?.calls.at(-1)).toEqual({ call: 'down', volumes: true })
    expect(readdirSync(join(root, 'run/drills'))).toEqual([])
    expect(container.calls.slice(before)).toEqual([{ call: 'copyDefinition' }])
    expect((await readCatalog(stack.store)).records[0]?.proven).toMatchObject({ at: report.at })
    expect(await readFile(join(root, 'data/db/live'), 'utf8')).toBe('live')
  })

  it.each([
    [
      'a check',
      { ...sound, check: exits(2, 'rows are missing\n') },
      /check hook of service db exited with 2[\s\S]*rows are missing/,
    ],
    ['a restore hook', { ...sound, restore: exits(1, 'no such role\n') }, /restore hook of service db exited with 1/],
  ])('fails with %s, leaves no copy and no proof', async (_, commands, words) => {
    const { stack, root, id, effects, copies } = await shop(commands)
    const drill = drillSnapshot(stack, id, effects, testContext())
    await expect(drill).rejects.toMatchObject({ code: 'DRILL_FAILED', message: expect.stringMatching(words) })
    expect(readdirSync(join(root, 'run/drills'))).toEqual([])
    expect(copies[0]?.state('db')).toBe('absent')
    expect((await readCatalog(stack.store)).records[0]?.proven).toBeUndefined()
  })

  it('removes what a drill whose process died has left', async () => {
    const { stack, root, id, effects, copies } = await shop(sound)
    const left = join(root, 'run/drills/01dead')
    await fakeStack('services: { db: { image: x } }', {}, {}, join(left, 'stack'))
    await drillSnapshot(stack, id, effects, testContext())
    expect(existsSync(left)).toBe(false)
    expect(copies[0]?.calls.filter(({ call }) => call === 'down')).toHaveLength(2)
  })

  it('ends what a drill whose process died had started before it removes what was left', async () => {
    const { stack, root, id, effects } = await shop(sound)
    const left = join(root, 'run/drills/01dead')
    await fakeStack('services: { db: { image: x } }', {}, {}, join(left, 'stack'))
    const directory = join(left, 'stack/run/backup')
    await mkdir(directory, { recursive: true })
    // It has the lock from a process that is gone, and would go on making files.
    const gone = spawnSync('true').pid
    const orphan = spawn('flock', [join(directory, 'lock'), 'sleep', '600'], { stdio: 'ignore' })
    const ended = once(orphan, 'exit')
    const owner = { operation: 'drill', id, pid: gone, host: hostname(), since: '2026-01-01T00:00:00Z' }
    await writeFile(join(directory, 'lock'), JSON.stringify(owner))
    await expect.poll(() => lockHolder(directory)?.pid).toBe(gone)
    await drillSnapshot(stack, id, effects, testContext())
    expect(existsSync(left)).toBe(false)
    await ended
  })

  it('keeps the secrets of the copy from others', async () => {
    const { stack, root, id, effects } = await shop(sound)
    let seen: number[] = []
    const openStack = async (at: string) => {
      seen = await Promise.all([at, join(at, '.env')].map(async (path) => (await stat(path)).mode & 0o077))
      return effects.openStack(at)
    }
    await drillSnapshot(stack, id, { ...effects, openStack }, testContext())
    expect([seen, existsSync(join(root, 'run/drills', 'stack'))]).toEqual([[0, 0], false])
  })
})

describe('the manifest of a copy', () => {
  const place = { stackRoot: '/srv/shop', persist: ['/srv/shop/data'], runtimes: {}, freePort: () => 20_001 }
  const copy = (text: string) => drillManifest(text, place)

  it('publishes nothing, restarts nothing, and writes only below persist directories of its own', () => {
    const text = copy(`
name: shop
backup_backend: { type: s3, bucket: b }
backup: { schedule: "0 3 * * *", plugins: [p] }
ports: { web: 80, api: { value: 81, export_env: API } }
sources: { app: { kind: local, path: .. } }
services:
  db:
    ports: ["1:1"]
    restart: always
    build: ./docker
    engine: { container_name: fixed, ports: ["2:2"], shm_size: 1g }
    mounts: ["./data/db:/db", "./conf:/conf", "/var/run/docker.sock:/s", "source://app:/app", "persist://data:/d", "volume://v:/v", "named:/n"]
jobs: { r: { restore: { snapshot: latest } }, m: { image: x } }
`)
    expect(text).toContain('name: shop-drill')
    expect(text).toContain('type: localfs')
    expect(text).not.toMatch(/bucket|schedule|container_name|restore|always|\b80\b|\b81\b/)
    for (const mount of [
      './data/db:/db',
      'bind:///srv/shop/conf:/conf:ro',
      'source://app:/app:ro',
      'persist://data:/d',
      'volume://v:/v',
      'named:/n',
    ])
      expect(text).toContain(`- ${mount}\n`)
    expect(text).not.toContain('docker.sock')
    expect(text).toContain('build: /srv/shop/docker')
    expect(text).toContain('path: /srv')
  })
})
