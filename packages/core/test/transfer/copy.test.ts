import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { archiveBackend, treeTools } from '@angee/archive'
import { describeTree, memoryBackend, memoryObjectStore, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import {
  type BackupBackend,
  type CopyRequest,
  copySnapshot,
  lockHolder,
  readCatalog,
  type Stack,
} from '../../src/index.ts'
import { lockStack } from '../../src/lock/index.ts'
import { contents, dump, id, ids, store } from '../support/snapshot.ts'
import { locationOf, stackWith } from '../support/stack.ts'

async function copy(stack: Stack, to: string, changes: Partial<CopyRequest> & { source?: string } = {}) {
  const ctx = testContext()
  await using from = await stack.backends.open(changes.source ?? 'default', ctx)
  await using target = await stack.backends.open(to, ctx)
  const { source: _, ...rest } = changes
  const result = await copySnapshot(stack, { snapshot: id, from, to: target, ...rest }, ctx)
  return { ...result, ctx }
}

const archive = () => {
  const objects = memoryObjectStore()
  return { objects: objects.objects, backend: archiveBackend('archive', objects) }
}

describe('a copy from archive to archive', () => {
  it('has the same frames, byte for byte, and the same manifest', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    const { manifest } = await store(here.backend)
    const { outcome, manifest: copied, ctx } = await copy(stack, 'offsite')
    expect({ outcome, copied }).toEqual({ outcome: 'copied', copied: manifest })
    const ofSnapshot = (objects: ReadonlyMap<string, Uint8Array>) =>
      [...objects].filter(([key]) => key.startsWith('snapshots/')).sort()
    expect(ofSnapshot(there.objects)).toEqual(ofSnapshot(here.objects))
    expect(ofSnapshot(there.objects)).toHaveLength(3)
    const parts = ctx.progress.flatMap((event) => (event.type === 'part' ? [`${event.part} ${event.state}`] : []))
    expect(new Set(parts)).toEqual(
      new Set(
        ['persist/files', 'service/db'].flatMap((part) =>
          ['started', 'progress', 'done'].map((one) => `${part} ${one}`),
        ),
      ),
    )
    expect(lockHolder(stack.place.stateDirectory)).toBeUndefined()
  })

  it('is done already when it is made again, whatever else happened', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    await store(here.backend)
    await copy(stack, 'offsite')
    const before = new Map(there.objects)
    expect((await copy(stack, 'offsite')).outcome).toBe('present')
    expect(there.objects).toEqual(before)
  })

  it('is refused where another content has its id, and where what lies there lacks a part', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    await store(here.backend)
    await store(there.backend, {}, dump.subarray(1))
    await expect(copy(stack, 'offsite')).rejects.toMatchObject({ code: 'OBJECT_EXISTS' })
    await there.backend.delete(id, testContext())
    await copy(stack, 'offsite')
    there.objects.delete(`snapshots/${id}/parts/service.db.zst`)
    await expect(copy(stack, 'offsite')).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
  })

  it('is not made of a damaged snapshot', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    await store(here.backend)
    const key = `snapshots/${id}/parts/service.db.zst`
    const bytes = Buffer.from(here.objects.get(key) ?? [])
    bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1
    here.objects.set(key, bytes)
    await expect(copy(stack, 'offsite')).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect(await ids(there.backend)).toEqual([])
    expect([...there.objects.keys()]).toEqual(['repository.json'])
  })
})

describe.each([
  ['memory to archive', () => memoryBackend({ trees: treeTools }), () => archive().backend],
  ['archive to memory', () => archive().backend, () => memoryBackend({ trees: treeTools })],
  ['memory to memory', () => memoryBackend({ trees: treeTools }), () => memoryBackend({ trees: treeTools })],
])('a copy from %s', (_, makeSource, makeTarget) => {
  it('holds the same tree and the same stream, and leaves no staging behind', async () => {
    const [here, there]: BackupBackend[] = [makeSource(), makeTarget()]
    await using stack = await stackWith({ default: here as BackupBackend, offsite: there as BackupBackend })
    const { manifest, tree } = await store(here as BackupBackend)
    const { manifest: copied } = await copy(stack, 'offsite')
    const { parts, ...rest } = copied
    expect(rest).toEqual((({ parts: __, ...others }) => others)(manifest))
    expect(parts.map((part) => part.tree ?? part.raw)).toEqual(manifest.parts.map((part) => part.tree ?? part.raw))
    const found = await contents(there as BackupBackend)
    expect(found.bytes.equals(dump)).toBe(true)
    expect(await describeTree(found.tree)).toEqual(await describeTree(tree))
    expect(existsSync(join(stack.place.stateDirectory, 'transfer'))).toBe(false)
    expect((await copy(stack, 'offsite')).outcome).toBe('present')
  })
})

describe('a copy home', () => {
  it('is in the catalog, which keeps what it knows of a snapshot', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    await store(there.backend)
    await copy(stack, 'default', { source: 'offsite', snapshot: 'nightly' })
    const { records } = await readCatalog(stack.store)
    expect(records).toMatchObject([{ id, name: 'nightly', status: 'partial', location: locationOf(here.backend) }])
    const other = '01JDBZ00000000000000000001'
    await store(there.backend, { id: other })
    const { ctx } = await copy(stack, 'default', { source: 'offsite', snapshot: other })
    expect(ctx.progress).toContainEqual({
      type: 'note',
      message: expect.stringContaining(`${id} is named "nightly" too`),
    })
  })

  it('finds by the beginning of an id, by name, and the latest complete one in the other backend', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    const complete = '01JDBZ00000000000000000002'
    await store(there.backend)
    await store(there.backend, { id: complete, status: 'complete', missing: [], name: 'whole' })
    for (const [snapshot, meant] of [
      ['latest', complete],
      ['whole', complete],
      [`${id.slice(0, 25)}0`, id],
    ] as const) {
      expect((await copy(stack, 'default', { source: 'offsite', snapshot })).manifest.id).toBe(meant)
    }
    const from = { source: 'offsite' }
    await expect(copy(stack, 'default', { ...from, snapshot: '01JD' })).rejects.toMatchObject({ code: 'ID_AMBIGUOUS' })
    await expect(copy(stack, 'default', { ...from, snapshot: 'weekly' })).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      hint: expect.stringContaining(`${complete} (whole)`),
    })
  })
})

describe('what is refused', () => {
  it('the same place, an unknown name, and a place inside of what is captured', async () => {
    const here = archive()
    const inside = archive().backend
    await using stack = await stackWith(
      { default: here.backend, twin: here.backend, inside },
      'persist: { data: { subpath: ./data } }\n',
    )
    await store(here.backend)
    await expect(copy(stack, 'default')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('same place'),
    })
    await expect(copy(stack, 'twin')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('same place'),
    })
    await expect(copy(stack, 'twni')).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('Did you mean "twin"?'),
    })
    Object.assign(inside, { localDirectory: join(stack.place.root, 'data/copies') })
    await expect(copy(stack, 'inside')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('lies in persist/data'),
    })
  })

  it('secrets where they would lie open, always; what is encrypted, unless it is asked for', async () => {
    const [here, there, sealed] = [archive(), archive(), archive()]
    const encrypts = { encrypts: true, incremental: false, remote: false }
    await using stack = await stackWith({
      default: { ...here.backend, capabilities: encrypts },
      open: there.backend,
      sealed: { ...sealed.backend, capabilities: encrypts },
    })
    await store(here.backend)
    await expect(copy(stack, 'open')).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--plain') })
    expect((await copy(stack, 'open', { plain: true })).outcome).toBe('copied')
    const secrets = '01JDBZ00000000000000000003'
    await store(here.backend, { id: secrets, includesSecrets: true })
    await expect(copy(stack, 'open', { plain: true, snapshot: secrets })).rejects.toMatchObject({ code: 'USAGE' })
    expect((await copy(stack, 'sealed', { snapshot: secrets })).manifest.includesSecrets).toBe(true)
  })

  it('while another operation has the lock', async () => {
    const [here, there] = [archive(), archive()]
    await using stack = await stackWith({ default: here.backend, offsite: there.backend })
    await store(here.backend)
    const { stateDirectory } = stack.place
    using _lock = await lockStack(stateDirectory, { operation: 'backup', id }, stack.files, testContext().clock)
    await expect(copy(stack, 'offsite')).rejects.toMatchObject({ code: 'LOCKED' })
  })

  it.each([
    ['a part with another name', (manifest: never) => rename(manifest, '../../x')],
    [
      'a part that is there twice',
      (manifest: { parts: unknown[] }) => ({ ...manifest, parts: [...manifest.parts, manifest.parts[0]] }),
    ],
    [
      'a tree without its digest',
      (manifest: { parts: object[] }) => ({ ...manifest, parts: [{ ...manifest.parts[0], tree: undefined }] }),
    ],
    [
      'a negative length',
      (manifest: { parts: object[] }) => ({
        ...manifest,
        parts: [{ ...manifest.parts[1], raw: { bytes: -1, digest: 'x' } }],
      }),
    ],
    ['a status nobody knows', (manifest: object) => ({ ...manifest, status: 'perfect' })],
    ['a secret that is not announced', (manifest: never) => rename(manifest, 'secrets/file')],
  ])('a manifest with %s', async (_, change) => {
    const [here, there] = [archive(), archive()]
    const { manifest } = await store(here.backend)
    const changed = (change as (one: unknown) => typeof manifest)(manifest)
    const lying: BackupBackend = {
      ...here.backend,
      stat: async () => changed,
      reader: async (one, ctx) => ({ ...(await here.backend.reader(one, ctx)), manifest: changed }),
    }
    await using stack = await stackWith({ default: lying, offsite: there.backend })
    await expect(copy(stack, 'offsite')).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect(there.objects.size).toBe(0)
  })
})

function rename(manifest: { parts: object[] }, part: string): object {
  return { ...manifest, parts: manifest.parts.map((one, index) => (index === 1 ? { ...one, part } : one)) }
}
