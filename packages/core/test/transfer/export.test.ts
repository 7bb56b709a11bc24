import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { archiveBackend, createExport, type ExportTarget, openExport, treeTools } from '@angee/archive'
import { describeTree, digestOf, memoryBackend, memoryObjectStore, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import {
  AngeeError,
  type BackupBackend,
  exportSnapshot,
  importSnapshot,
  readCatalog,
  type Stack,
} from '../../src/index.ts'
import { contents, dump, id, ids, store } from '../support/snapshot.ts'
import { stackWith, temporary } from '../support/stack.ts'

async function exportTo(stack: Stack, target: ExportTarget, ctx = testContext(), plain = false) {
  await using from = await stack.backends.open('default', ctx)
  return await exportSnapshot(stack, { snapshot: id, from, plain }, (what, own) => createExport(target, what, own), ctx)
}

async function importFrom(stack: Stack, path: string) {
  const ctx = testContext()
  await using file = await openExport(path, ctx)
  await using to = await stack.backends.open('default', ctx)
  return await importSnapshot(stack, file, to, ctx)
}

const archive = (): BackupBackend => archiveBackend('archive', memoryObjectStore())
const memory = (): BackupBackend => memoryBackend({ trees: treeTools })

/** As angee.yaml names a secret. */
const reference = '$' + '{secret.KEY}'

describe.each([
  ['an archive', archive, archive],
  ['a backend without frames', memory, memory],
  ['an archive, imported into a backend without frames', archive, memory],
])('an export from %s', (_, makeSource, makeTarget) => {
  it('brings the snapshot into another stack', async () => {
    const [source, target] = [makeSource(), makeTarget()]
    await using here = await stackWith({ default: source })
    await using there = await stackWith({ default: target })
    const { manifest, tree } = await store(source)
    const path = join(await temporary(), 'shop.tar')
    const { file } = await exportTo(here, { path, force: false })
    const bytes = await readFile(path)
    expect(file).toEqual({ bytes: bytes.length, digest: digestOf(bytes) })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(path, '..'))).toEqual(['shop.tar'])

    expect((await importFrom(there, path)).outcome).toBe('copied')
    const { parts, ...rest } = await target.stat(id, testContext())
    expect(rest).toEqual((({ parts: __, ...others }) => others)(manifest))
    expect(parts.map((part) => part.tree ?? part.raw)).toEqual(manifest.parts.map((part) => part.tree ?? part.raw))
    const found = await contents(target)
    expect(found.bytes.equals(dump)).toBe(true)
    expect(await describeTree(found.tree)).toEqual(await describeTree(tree))
    expect((await readCatalog(there.store)).records).toMatchObject([{ id, name: 'nightly' }])
    expect((await importFrom(there, path)).outcome).toBe('present')
    for (const { place } of [here, there]) expect(existsSync(join(place.stateDirectory, 'transfer'))).toBe(false)
  })

  it('to a stream has the same bytes as to a file', async () => {
    const source = makeSource()
    await using here = await stackWith({ default: source })
    await store(source)
    const pieces: Buffer[] = []
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        pieces.push(Buffer.from(chunk))
        setImmediate(done)
      },
    })
    const { file } = await exportTo(here, { stream, name: 'stdout' })
    const bytes = Buffer.concat(pieces)
    expect(file).toEqual({ bytes: bytes.length, digest: digestOf(bytes) })
    const path = join(await temporary(), 'saved.tar')
    await writeFile(path, bytes)
    await using there = await stackWith({ default: makeTarget() })
    expect((await importFrom(there, path)).outcome).toBe('copied')
  })
})

describe('an export file', () => {
  it('has the frames of the archive as they are, and holds the definition without secrets', async () => {
    const objects = memoryObjectStore()
    const source = archiveBackend('archive', objects)
    await using here = await stackWith(
      { default: source },
      [
        'mirror: https://anna:weak@example.org/',
        'services:',
        '  db:',
        '    environment: [PGPASSWORD=tiny, TZ=UTC]',
        '    backup: { dump: d, restore: r, env: { API_TOKEN: abc } } # kept',
        '    password: |',
        '      line one',
        '      line two',
        `    secret_key: ${reference}`,
        '    pid_file: /run/db.pid',
        '',
      ].join('\n'),
    )
    await store(source)
    const path = join(await temporary(), 'shop.tar')
    await exportTo(here, { path, force: false })
    const bytes = await readFile(path)
    for (const name of ['persist.files.tar.zst', 'service.db.zst']) {
      expect(bytes.includes(Buffer.from(objects.objects.get(`snapshots/${id}/parts/${name}`) ?? []))).toBe(true)
    }
    await using file = await openExport(path, testContext())
    expect(file).toMatchObject({ id, tool: { name: 'angee', version: '0.0.0' } })
    expect(file.definition.split('\n').slice(3)).toEqual([
      'mirror: https://anna:[redacted]@example.org/',
      'services:',
      '  db:',
      '    environment: ["[redacted]", TZ=UTC]',
      '    backup: { dump: d, restore: r, env: { API_TOKEN: "[redacted]" } } # kept',
      '    password: "[redacted]"',
      `    secret_key: ${reference}`,
      '    pid_file: /run/db.pid',
      '',
    ])
  })

  it('takes the place of nothing unless it is told to, and of nothing but a file', async () => {
    const source = archive()
    await using here = await stackWith({ default: source })
    await store(source)
    const directory = await temporary()
    const path = join(directory, 'shop.tar')
    await writeFile(path, 'precious')
    await expect(exportTo(here, { path, force: false })).rejects.toMatchObject({ code: 'CONFIRMATION_REQUIRED' })
    expect(await readFile(path, 'utf8')).toBe('precious')
    await exportTo(here, { path, force: true })
    expect((await readFile(path)).length).toBeGreaterThan(10_000)
    await symlink('shop.tar', join(directory, 'link'))
    await mkdir(join(directory, 'directory'))
    for (const odd of ['link', 'directory', 'missing/shop.tar', 'new/']) {
      await expect(exportTo(here, { path: `${directory}/${odd}`, force: true }), odd).rejects.toMatchObject({
        code: 'USAGE',
      })
    }
    expect((await readdir(directory)).sort()).toEqual(['directory', 'link', 'shop.tar'])
  })

  it('that came there meanwhile is left alone', async () => {
    const source = archive()
    await using here = await stackWith({ default: source })
    await store(source)
    const path = join(await temporary(), 'shop.tar')
    const ctx = testContext()
    const late = {
      ...ctx,
      onProgress: (event: { type: string }) =>
        void (event.type === 'phase' && writeFile(path, 'another one', { flag: 'w' })),
    }
    await expect(exportTo(here, { path, force: false }, { ...ctx, ...late })).rejects.toMatchObject({
      code: 'CONFIRMATION_REQUIRED',
    })
    expect(await readdir(join(path, '..'))).toEqual(['shop.tar'])
    expect(await readFile(path, 'utf8')).toBe('another one')
  })

  it('is gone when its writing failed or was cancelled', async () => {
    const objects = memoryObjectStore()
    const source = archiveBackend('archive', objects)
    await using here = await stackWith({ default: source })
    await store(source)
    const directory = await temporary()
    const target = { path: join(directory, 'shop.tar'), force: false }
    const reason = new AngeeError('INTERRUPTED', 'enough')
    const controller = new AbortController()
    const ctx = testContext({ signal: controller.signal })
    const stopping = {
      ...ctx,
      onProgress: (event: { type: string; state?: string }) =>
        void (event.state === 'progress' && controller.abort(reason)),
    }
    await expect(exportTo(here, target, { ...ctx, ...stopping })).rejects.toBe(reason)
    expect(await readdir(directory)).toEqual([])
    const key = `snapshots/${id}/parts/service.db.zst`
    objects.objects.set(key, (objects.objects.get(key) ?? Buffer.of()).subarray(1))
    await expect(exportTo(here, target)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect(await readdir(directory)).toEqual([])
  })

  it('that a killed process left half written goes with the next one; one that is being written stays', async () => {
    const source = archive()
    await using here = await stackWith({ default: source })
    await store(source)
    const directory = await temporary()
    await writeFile(join(directory, '.angee-export-0123456789ab.partial'), 'half')
    await writeFile(join(directory, '.angee-export-foreign.partial'), 'not ours')
    const ctx = testContext()
    let seen: Promise<string[]> | undefined
    await exportSnapshot(
      here,
      { snapshot: id, from: await here.backends.open('default', ctx) },
      async (what, own) => {
        const first = await createExport({ path: join(directory, 'one.tar'), force: false }, what, own)
        await using _second = await createExport({ path: join(directory, 'two.tar'), force: false }, what, own)
        seen = readdir(directory)
        await seen
        return first
      },
      ctx,
    )
    expect((await seen)?.filter((name) => /^\.angee-export-[0-9a-f]{12}/.test(name))).toHaveLength(2)
    expect(await readdir(directory)).toEqual(['.angee-export-foreign.partial', 'one.tar'])
  })

  it('is in the open, and holds what lies encrypted only when that is asked for, secrets never', async () => {
    const source: BackupBackend = { ...archive(), capabilities: { encrypts: true, incremental: false, remote: false } }
    await using here = await stackWith({ default: source })
    await store(source)
    const directory = await temporary()
    const target = { path: join(directory, 'shop.tar'), force: false }
    await expect(exportTo(here, target)).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--plain'),
    })
    expect((await exportTo(here, target, testContext(), true)).manifest.id).toBe(id)
    await source.delete(id, testContext())
    await store(source, { includesSecrets: true })
    const again = { path: join(directory, 'again.tar'), force: false }
    await expect(exportTo(here, again, testContext(), true)).rejects.toMatchObject({ code: 'USAGE' })
    expect(await readdir(directory)).toEqual(['shop.tar'])
  })
})

describe('an import', () => {
  it('is refused where another content has the id', async () => {
    const [source, target] = [archive(), archive()]
    await using here = await stackWith({ default: source })
    await using there = await stackWith({ default: target })
    await store(source)
    await store(target, {}, dump.subarray(1))
    const path = join(await temporary(), 'shop.tar')
    await exportTo(here, { path, force: false })
    await expect(importFrom(there, path)).rejects.toMatchObject({ code: 'OBJECT_EXISTS' })
    expect(await ids(target)).toEqual([id])
  })

  it.each([
    [
      'whose part is damaged',
      async (path: string) => {
        const bytes = await readFile(path)
        const at = bytes.indexOf('persist.files.tar.zst') + 2000
        bytes[at] = (bytes[at] ?? 0) ^ 1
        await writeFile(path, bytes)
      },
      false,
    ],
    ['whose frames unpack to something else than its manifest says', async () => undefined, true],
  ])('of a file %s stores nothing', async (_, damage, lies) => {
    const [source, target] = [archive(), archive()]
    const lying: BackupBackend = {
      ...source,
      reader: async (one, ctx) => {
        const reader = await source.reader(one, ctx)
        const parts = reader.manifest.parts.map((part) => ({
          ...part,
          raw: { ...part.raw, digest: digestOf(Buffer.of()) },
        }))
        return { ...reader, manifest: { ...reader.manifest, parts } }
      },
    }
    await using here = await stackWith({ default: lies ? lying : source })
    await using there = await stackWith({ default: target })
    await store(source)
    const path = join(await temporary(), 'shop.tar')
    await exportTo(here, { path, force: false })
    await damage(path)
    await expect(importFrom(there, path)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    expect(await ids(target)).toEqual([])
    expect((await readCatalog(there.store)).records).toEqual([])
  })
})
