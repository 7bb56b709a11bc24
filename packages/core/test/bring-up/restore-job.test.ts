import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emits, exits, type FakeProgram, type FakeService, takes, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { bringUpStack, listJobs, runStackJob, takeSnapshot } from '../../src/index.ts'
import { type FakeStack, fakeStack, openFakeStack } from '../support/runtimes.ts'

const effects = { openStack: openFakeStack, environment: {} }

/** A stack that has a snapshot: files and the dump of a service. Gives its root and the snapshot's id. */
async function origin(rows: Uint8Array = Buffer.from('the rows')): Promise<{ root: string; id: string }> {
  const { stack, root } = await fakeStack(
    `name: main
persist: { files: { subpath: ./files } }
services: { db: { backup: { dump: dump, restore: restore } } }
`,
    { services: { db: { state: 'running', commands: { dump: emits(rows) } } } },
    { 'files/one': 'first' },
  )
  await using open = stack
  const { manifest } = await takeSnapshot(open, {}, testContext())
  return { root, id: manifest.id }
}

interface Target extends FakeStack {
  loaded: string[]
}

/** A fresh stack with a restore job, a migration and an application. */
async function target(from: { root: string; id: string }, db: Partial<FakeService> = {}, jobs = {}): Promise<Target> {
  const loaded: string[] = []
  const made = await fakeStack(
    `name: copy
persist: { files: { subpath: ./files }, db: { subpath: ./files/db } }
services:
  app: { image: app, mounts: ["persist://files:/files"], depends_on: [migrate] }
  other: { image: other }
  db: { image: db, ready: { cmd: "true" }, backup: { dump: dump, restore: restore, seed: mask, covers: [db] } }
jobs:
  migrate: { image: app, depends_on: [restore, db] }
  report: { image: app, depends_on: [migrate] }
  apart: { image: app, depends_on: [db] }
  restore: { restore: { snapshot: ${from.id}, stack: ${JSON.stringify(from.root)} }, depends_on: [db] }
`,
    {
      services: {
        db: {
          commands: {
            restore: takes((bytes) => {
              loaded.push(bytes.toString())
            }),
            mask: exits(0),
          },
          ...db,
        },
      },
      jobs,
    },
  )
  return { ...made, loaded }
}

describe('a restore job', () => {
  it('puts trees in place, loads and masks, then runs what depends on it, then everything else; once', async () => {
    const { stack, root, container, loaded, steps } = await target(await origin())
    const result = await bringUpStack(stack, {}, effects, testContext())
    expect(await readFile(join(root, 'files/one'), 'utf8')).toBe('first')
    expect(loaded).toEqual(['the rows'])
    expect(result.restored.map(({ job, parts }) => [job, parts])).toEqual([
      ['restore', ['persist/files', 'service/db']],
    ])
    expect(steps().filter((step) => step !== 'waitHealthy db' && step !== 'stop db')).toEqual([
      'up db',
      'exec db',
      'exec db',
      'runJob migrate',
      'runJob report',
      'up app',
      'up other',
      'waitHealthy app',
      'waitHealthy other',
    ])
    expect(container.early.filter((line) => !line.includes('before restore'))).toEqual([])
    expect(container.starts('db')).toBe(1)
    const again = await openFakeStack(root)
    const second = await bringUpStack(again, {}, effects, testContext())
    expect([second.restored, loaded.length]).toEqual([[], 1])
    expect(second.jobs).toEqual(['migrate'])
    expect((await listJobs(again)).map(({ job, mark }) => [job, mark?.state])).toEqual([
      ['migrate', 'done'],
      ['report', 'done'],
      ['apart', undefined],
      ['restore', 'done'],
    ])
  })

  it('lets nothing that depends on it start when masking fails, stops what it started, and restores anew next time', async () => {
    let fails = true
    const masking = (command: unknown) => (command === 'mask' ? exits(fails ? 3 : 0, 'cannot mask\n') : undefined)
    const from = await origin()
    const loaded: string[] = []
    const commands = (command: unknown) =>
      masking(command) ??
      takes((bytes) => {
        loaded.push(bytes.toString())
      })
    const { stack, root, container, steps } = await target(from, { commands })
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(
      /seed hook of service db exited with 3/,
    )
    expect(['app', 'other', 'db'].map((name) => container.state(name))).toEqual(['absent', 'absent', 'stopped'])
    expect(steps().some((step) => step.startsWith('runJob'))).toBe(false)
    expect((await listJobs(stack)).find(({ job }) => job === 'restore')?.mark?.state).toBe('loaded')

    fails = false
    const again = await openFakeStack(root)
    await bringUpStack(again, {}, effects, testContext())
    expect(loaded).toEqual(['the rows', 'the rows'])
    expect(container.state('app')).toBe('running')
    // What was not masked is kept nowhere.
    expect(existsSync(join(root, 'backups/snapshots'))).toBe(false)
  })

  it('starts nothing else when a restore hook fails, leaves the stack as it was, and can be repeated', async () => {
    let fails = true
    const commands = (command: unknown) =>
      command === 'restore' && fails ? exits(1, 'no such role\n') : takes(() => undefined)
    const { stack, root, container } = await target(await origin(), { commands })
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toThrow(/no such role/)
    expect(['app', 'other', 'db'].map((name) => container.state(name))).toEqual(['absent', 'absent', 'stopped'])
    expect(existsSync(join(root, 'files/one'))).toBe(false)
    fails = false
    await bringUpStack(await openFakeStack(root), {}, effects, testContext())
    expect(await readFile(join(root, 'files/one'), 'utf8')).toBe('first')
  })

  it('leaves nothing of a damaged dump, though the hook has read of it by then', async () => {
    const from = await origin(randomBytes(20_000_000))
    const stored = await readdir(join(from.root, 'backups/snapshots'), { recursive: true })
    const object = join(from.root, 'backups/snapshots', stored.find((path) => /service.db\b/.test(path)) ?? '')
    const bytes = await readFile(object)
    bytes[bytes.length - 1_000_000] = (bytes[bytes.length - 1_000_000] ?? 0) ^ 1
    await writeFile(object, bytes)
    let [read, ended] = [0, false]
    const at: { database?: string } = {}
    const restore: FakeProgram = async ({ stdin }) => {
      for await (const chunk of stdin) {
        read += chunk.length
        await appendFile(at.database ?? '', chunk)
      }
      ended = true
      return 0
    }
    const { stack, root, container } = await target(from, { commands: { restore, mask: exits(0) } })
    at.database = join(root, 'files/db/rows')
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect([read > 1_000_000, ended]).toEqual([true, false])
    expect(await readdir(join(root, 'files/db'))).toEqual([])
    expect(existsSync(join(root, 'files/one'))).toBe(false)
    expect(['app', 'other', 'db'].map((name) => container.state(name))).toEqual(['absent', 'absent', 'stopped'])
  })

  it('goes on with the job that failed after it, without restoring again', async () => {
    let fails = true
    const jobs = (_: unknown, name: string) => (name === 'migrate' && fails ? exits(4, 'column exists\n') : exits(0))
    const { stack, root, container, loaded } = await target(await origin(), {}, jobs)
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toMatchObject({
      code: 'JOB_FAILED',
      message: expect.stringMatching(/job migrate exited with 4[\s\S]*column exists/),
    })
    expect(container.state('app')).toBe('absent')
    fails = false
    const result = await bringUpStack(await openFakeStack(root), {}, effects, testContext())
    expect([loaded.length, result.jobs, container.state('app')]).toEqual([1, ['migrate', 'report'], 'running'])
  })

  it('refuses a snapshot whose parts have no place here, before anything starts', async () => {
    const from = await origin()
    const { stack, root, container } = await target(from)
    const manifest = await readFile(join(root, 'angee.yaml'), 'utf8')
    await writeFile(
      join(root, 'angee.yaml'),
      manifest.replace('files: { subpath', 'others: { subpath').replace('persist://files', 'persist://others'),
    )
    await stack[Symbol.asyncDispose]()
    const changed = await openFakeStack(root)
    await expect(bringUpStack(changed, {}, effects, testContext())).rejects.toMatchObject({ code: 'RESTORE_CONFLICT' })
    expect(container.state('db')).toBe('absent')
  })

  it('says where it looked when the snapshot is not there, or its stack is gone', async () => {
    const from = await origin()
    const { stack } = await target({ ...from, id: '01JZZZZZZZZZZZZZZZZZZZZZZZ' })
    await expect(bringUpStack(stack, {}, effects, testContext())).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
    await rm(from.root, { recursive: true })
    const { stack: orphan } = await target(from)
    await expect(bringUpStack(orphan, {}, effects, testContext())).rejects.toMatchObject({ code: 'STACK_NOT_FOUND' })
  })

  it('can be run again by itself, and takes what was there into a safety snapshot first', async () => {
    const { stack, root, loaded } = await target(await origin())
    await bringUpStack(stack, {}, effects, testContext())
    await writeFile(join(root, 'files/one'), 'changed')
    expect(await runStackJob(await openFakeStack(root), 'restore', { again: false }, effects, testContext())).toBe(
      false,
    )
    expect(await readFile(join(root, 'files/one'), 'utf8')).toBe('changed')
    const only = (await readFile(join(root, 'angee.yaml'), 'utf8')).replace(
      'restore: { snapshot',
      'restore: { only: [persist/files], snapshot',
    )
    await writeFile(join(root, 'angee.yaml'), only)
    expect(await runStackJob(await openFakeStack(root), 'restore', { again: true }, effects, testContext())).toBe(true)
    expect(await readFile(join(root, 'files/one'), 'utf8')).toBe('first')
    expect(loaded).toHaveLength(1)
    expect(existsSync(join(root, 'backups/snapshots'))).toBe(true)
  })
})
