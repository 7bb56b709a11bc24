import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import {
  type Context,
  nodeFiles,
  openStack,
  removeSnapshot,
  restoreSnapshot,
  type SnapshotRequest,
  type SnapshotResult,
  type Stack,
  takeSnapshot,
  verifySnapshot,
} from '@angee/core'
import { describeTree, testContext } from '@angee/testkit'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, expect, it } from 'vitest'
import { trustedPlaceSuite } from '../../archive/test/support/trusted-place.ts'
import '../src/register.ts'
import { damage } from './damage.ts'

const made: string[] = []
afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true })
})

/** A later hour, so that what the test has just written counts as old enough. */
function ahead(): Context & ReturnType<typeof testContext> {
  const ctx = testContext()
  return { ...ctx, clock: { ...ctx.clock, now: () => Date.now() + 3_600_000 } }
}

interface Tried {
  root: string
  open(): Promise<Stack>
  /** Takes a snapshot as a process of its own would. */
  take(request?: SnapshotRequest, ctx?: Context, change?: (stack: Stack) => Stack): Promise<SnapshotResult>
  part(id: string): string
  /** How many snapshots share the file of that one's part. */
  sharing(id: string): Promise<number>
}

async function makeStack(place: string, backend: object = { type: 'localfs' }): Promise<Tried> {
  const root = await mkdtemp(join(place, 'angee-unchanged-'))
  made.push(root)
  await mkdir(join(root, 'data/deep/er'), { recursive: true })
  for (const name of ['a', 'b', 'deep/c', 'deep/er/d']) await writeFile(join(root, 'data', name), `content of ${name}`)
  const manifest = { backup_backend: backend, persist: { app: { subpath: './data' } } }
  await writeFile(join(root, 'angee.yaml'), JSON.stringify(manifest))
  const open = () =>
    openStack(
      {
        directory: root,
        from: root,
        trees: treeTools,
        files: nodeFiles,
        loadBackend: async () => undefined,
        loadRuntime: async () => undefined,
        tool: { name: 'test', version: '0' },
      },
      testContext(),
    )
  const suffix = 'encryption' in backend ? '.age' : ''
  const part = (id: string) => join(root, 'backups/snapshots', id, `parts/persist.app.tar.zst${suffix}`)
  return {
    root,
    open,
    part,
    take: async (request = {}, ctx = ahead(), change = (stack) => stack) => {
      await using stack = await open()
      return takeSnapshot(change(stack), request, ctx)
    },
    sharing: async (id) => (await stat(part(id))).nlink,
  }
}

const dataOf = ({ root }: Tried): Promise<string[]> => describeTree(join(root, 'data'))

async function requireWhole(tried: Tried, id: string): Promise<void> {
  await using stack = await tried.open()
  const { parts } = await verifySnapshot(stack, id, 'full', testContext())
  expect(parts.map(({ ok }) => ok)).toEqual([true, true])
}

trustedPlaceSuite('the second snapshot of a tree that has not changed', (place) => {
  it('shares the stored part, is whole by itself, and outlives the first', async () => {
    const tried = await makeStack(place)
    const expected = await dataOf(tried)
    const first = await tried.take()
    expect(first.unchanged).toEqual([])
    const ctx = ahead()
    const second = await tried.take({}, ctx)
    expect(second.unchanged).toEqual([{ part: 'persist/app', since: first.manifest.id }])
    expect(second.manifest.parts).toEqual(first.manifest.parts)
    expect(await tried.sharing(second.manifest.id)).toBe(2)
    expect((await stat(tried.part(second.manifest.id))).mode & 0o777).toBe(0o600)
    const said = ctx.progress.filter((event) => event.type === 'part' && event.state === 'done')
    expect(said).toMatchObject([{ part: 'persist/app', message: `unchanged since ${first.manifest.id}` }])
    await requireWhole(tried, second.manifest.id)

    await using stack = await tried.open()
    await removeSnapshot(stack, first.manifest.id, false, testContext())
    await requireWhole(tried, second.manifest.id)
    await writeFile(join(tried.root, 'data/a'), 'lost')
    await restoreSnapshot(stack, { snapshot: second.manifest.id, withoutSafety: true }, {}, testContext())
    expect(await dataOf(tried)).toEqual(expected)
  })

  it('is followed by a third and a fourth, each by what the one before has remembered', async () => {
    const tried = await makeStack(place)
    const ids: string[] = []
    for (let turn = 0; turn < 4; turn++) {
      const { manifest, unchanged } = await tried.take()
      expect(unchanged.map(({ since }) => since)).toEqual(ids.slice(-1))
      ids.push(manifest.id)
    }
    expect(await tried.sharing(ids[0] ?? '')).toBe(4)
    await writeFile(join(tried.root, 'data/a'), 'CONTENT of a')
    const { manifest, unchanged } = await tried.take()
    expect(unchanged).toEqual([])
    expect(await tried.sharing(manifest.id)).toBe(1)
    expect((await tried.take()).unchanged).toEqual([{ part: 'persist/app', since: manifest.id }])
    expect(await readdir(join(tried.root, 'run/backup/trees'))).toHaveLength(2)
  })

  it('reads everything when it is told to, and what it then remembers serves the next one', async () => {
    const tried = await makeStack(place)
    await tried.take()
    const { manifest } = await tried.take({ reuse: false })
    expect(await tried.sharing(manifest.id)).toBe(1)
    const { manifest: third } = await tried.take()
    expect(await tried.sharing(third.id)).toBe(2)
    expect((await stat(tried.part(third.id))).ino).toBe((await stat(tried.part(manifest.id))).ino)
  })

  it('reads everything where the stored part has rotted, says so, and is whole', async () => {
    const tried = await makeStack(place)
    for (const how of ['flip', 'cut', 'remove'] as const) {
      const first = await tried.take({ reuse: false })
      await damage(tried.part(first.manifest.id), how)
      const ctx = ahead()
      const second = await tried.take({}, ctx)
      expect(await tried.sharing(second.manifest.id)).toBe(1)
      await requireWhole(tried, second.manifest.id)
      const notes = ctx.progress.filter(({ type }) => type === 'note')
      expect(notes).toMatchObject([{ message: expect.stringContaining(`read in full: snapshot ${first.manifest.id}`) }])
    }
  })

  it('reads everything where the snapshot was removed', async () => {
    const tried = await makeStack(place)
    const first = await tried.take()
    {
      await using stack = await tried.open()
      await removeSnapshot(stack, first.manifest.id, false, testContext())
    }
    const second = await tried.take()
    expect(second.unchanged).toEqual([{ part: 'persist/app', since: first.manifest.id }])
    await requireWhole(tried, second.manifest.id)
    expect(await tried.sharing((await tried.take()).manifest.id)).toBe(2)
  })

  it('is taken right when the one before was killed between its commit and what it remembered', async () => {
    const tried = await makeStack(place)
    const killed = (stack: Stack): Stack => ({
      ...stack,
      store: {
        ...stack.store,
        put: (key, ...rest) =>
          key.startsWith('trees/') ? Promise.reject(new Error('killed')) : stack.store.put(key, ...rest),
      },
    })
    await tried.take()
    // What is remembered stays that of the first one.
    for (const name of ['a', 'b']) {
      await writeFile(join(tried.root, 'data', name), `CONTENT of ${name}`)
      const { manifest, unchanged } = await tried.take({}, ahead(), killed)
      expect(unchanged).toEqual([])
      expect(await tried.sharing(manifest.id)).toBe(1)
    }
    const { manifest } = await tried.take()
    await writeFile(join(tried.root, 'data/a'), 'lost')
    await using stack = await tried.open()
    await restoreSnapshot(stack, { snapshot: manifest.id, withoutSafety: true }, {}, testContext())
    for (const name of ['a', 'b'])
      expect(await readFile(join(tried.root, 'data', name), 'utf8')).toBe(`CONTENT of ${name}`)
  })

  it('is read in full after a restore, which brings other files', async () => {
    const tried = await makeStack(place)
    const first = await tried.take()
    {
      await using stack = await tried.open()
      await restoreSnapshot(stack, { snapshot: first.manifest.id, withoutSafety: true }, {}, testContext())
    }
    const { manifest } = await tried.take()
    expect(await tried.sharing(manifest.id)).toBe(1)
    expect(manifest.parts).toEqual(first.manifest.parts)
  })

  it('is read in full while something in it cannot be kept', async () => {
    const tried = await makeStack(place)
    const server = createServer().listen(join(tried.root, 'data/socket'))
    for (let turn = 0; turn < 2; turn++) {
      const { manifest } = await tried.take()
      expect(manifest.warnings).toMatchObject([{ kind: 'not-kept' }])
      expect(await tried.sharing(manifest.id)).toBe(1)
    }
    server.close()
  })

  it('may be partial, and is then not what the next one goes by', async () => {
    const tried = await makeStack(place)
    await mkdir(join(tried.root, 'more'))
    const persist = { app: { subpath: './data' }, more: { subpath: './more' } }
    await writeFile(join(tried.root, 'angee.yaml'), JSON.stringify({ persist }))
    const first = await tried.take()
    const partial = await tried.take({ only: ['persist/app'] })
    expect(partial.manifest.status).toBe('partial')
    expect(await tried.sharing(partial.manifest.id)).toBe(2)
    const third = await tried.take()
    expect(third.unchanged.map(({ since }) => since)).toEqual([first.manifest.id, first.manifest.id])
  })

  it('forgets a tree that is no part of the stack any more', async () => {
    const tried = await makeStack(place)
    await tried.take()
    await writeFile(join(tried.root, 'angee.yaml'), JSON.stringify({ persist: { other: { subpath: './data' } } }))
    await tried.take()
    const names = await readdir(join(tried.root, 'run/backup/trees'))
    expect(names.map((name) => name.replace(/\.[0-9A-Z]{26}\./, '.')).sort()).toEqual([
      'persist.other.entries',
      'persist.other.json',
    ])
  })

  it('is taken all the same where nothing can be remembered', async () => {
    const tried = await makeStack(place)
    await mkdir(join(tried.root, 'run/backup'), { recursive: true })
    await writeFile(join(tried.root, 'run/backup/trees'), 'no directory')
    for (let turn = 0; turn < 2; turn++) {
      const { manifest } = await tried.take()
      expect(await tried.sharing(manifest.id)).toBe(1)
      await requireWhole(tried, manifest.id)
    }
  })

  it('shares an encrypted part while it is for the same recipients, and only then', async () => {
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    const other = await identityToRecipient(await generateX25519Identity())
    const tried = await makeStack(place, { type: 'localfs', encryption: { recipients: [recipient], identity } })
    await tried.take()
    const second = await tried.take()
    expect(await tried.sharing(second.manifest.id)).toBe(2)
    await requireWhole(tried, second.manifest.id)
    const encryption = { recipients: [recipient, other], identity }
    const manifest = { backup_backend: { type: 'localfs', encryption }, persist: { app: { subpath: './data' } } }
    await writeFile(join(tried.root, 'angee.yaml'), JSON.stringify(manifest))
    const third = await tried.take()
    expect(await tried.sharing(third.manifest.id)).toBe(1)
    expect(third.manifest.parts[0]?.encryption?.recipients).toHaveLength(2)
  })
})
