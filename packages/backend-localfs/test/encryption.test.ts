import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EncryptionOptions, treeTools } from '@angee/archive'
import { type BackupBackend, parseOptions, redact, type SnapshotManifest } from '@angee/core'
import { backendSuite, readAll, testContext, wholeStream } from '@angee/testkit'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import localfs from '../src/index.ts'
import { damage, fileOf, killWriter } from './damage.ts'

const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)
const otherIdentity = await generateX25519Identity()
const otherRecipient = await identityToRecipient(otherIdentity)
const key = { recipients: [recipient], identity }

const openAt = (stackRoot: string, encryption?: EncryptionOptions): Promise<BackupBackend> =>
  localfs.open({ options: { path: './backups', encryption }, stackRoot, trees: treeTools }, testContext())

backendSuite(
  { describe, it },
  {
    name: 'localfs, encrypted',
    trees: treeTools,
    async open({ directory }) {
      const open = () => openAt(directory, key)
      return {
        backend: await open(),
        reopen: open,
        damage: (id, what, how) => damage(join(directory, 'backups/snapshots', id, fileOf(what, '.age')), how),
        leaveGarbage: (id) => killWriter(directory, id),
        async [Symbol.asyncDispose]() {},
      }
    },
  },
)

describe('an encrypted repository', () => {
  let root: string
  let manifest: SnapshotManifest
  const id = '01J9Z3ABCDEFGHJKMNPQRSTVWX'
  const content = Buffer.from('what nobody else shall read\n'.repeat(1000))

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'angee-encrypted-'))
    await using backend = await openAt(root, { recipients: [recipient, otherRecipient] })
    manifest = await take(backend, id, content)
  })
  afterAll(() => rm(root, { recursive: true }))

  it('says for whom, and how long what was encrypted is', () => {
    expect(manifest.parts[0]).toMatchObject({
      raw: { bytes: content.length },
      encryption: { method: 'age', recipients: [recipient, otherRecipient].sort() },
    })
    expect(manifest.parts[0]?.stored.bytes).toBeGreaterThan(manifest.parts[0]?.encryption?.compressed.bytes ?? 0)
  })

  it.each([
    ['one of the recipients', { recipients: [recipient], identity }],
    ['the other one, who is not written for any more', { recipients: [recipient], identity: otherIdentity }],
  ])('is read with the identity of %s', async (_, encryption) => {
    expect(await read(root, id, encryption)).toEqual(content)
  })

  it('is read with a file of identities, comments and all', async () => {
    const file = 'keys.txt'
    await writeFile(join(root, file), `# created: today\n# public key: ${otherRecipient}\n${otherIdentity}\n`)
    expect(await read(root, id, { recipients: [recipient], identity_file: file })).toEqual(content)
  })

  it('needs a key, and the right one', async () => {
    const stranger = await generateX25519Identity()
    await expect(read(root, id, undefined)).rejects.toMatchObject({
      code: 'KEY_MISSING',
      hint: expect.stringContaining('identity_file'),
    })
    await expect(read(root, id, { recipients: [recipient] })).rejects.toMatchObject({ code: 'KEY_MISSING' })
    const wrong = read(root, id, { recipients: [recipient], identity: stranger })
    await expect(wrong).rejects.toMatchObject({ code: 'KEY_WRONG', message: expect.stringContaining('service/db') })
    await expect(read(root, id, { recipients: [recipient], identity_file: 'no-file' })).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('no-file'),
    })
  })

  it('is refused before anything is written when it could not be read back', async () => {
    await using backend = await openAt(root, { recipients: [recipient], identity: otherIdentity })
    await expect(backend.preflight(testContext())).rejects.toMatchObject({
      code: 'KEY_WRONG',
      hint: expect.stringContaining(otherRecipient),
    })
    await using writeOnly = await openAt(root, { recipients: [recipient] })
    await writeOnly.preflight(testContext())
  })

  it('is verified without a key by the digests of what lies there, and a wrong key is no damage', async () => {
    await using writeOnly = await openAt(root, { recipients: [recipient] })
    const report = await writeOnly.check?.(id, 'full', testContext())
    expect(report?.parts).toEqual([
      { part: 'manifest', ok: true },
      { part: 'service/db', ok: true },
    ])
    await using wrong = await openAt(root, { recipients: [recipient], identity: await generateX25519Identity() })
    await expect(wrong.check?.(id, 'full', testContext())).rejects.toMatchObject({ code: 'KEY_WRONG' })
  })

  it('holds open snapshots from before beside encrypted ones, and says which key is for which', async () => {
    const open = '01J9Z3ABCDEFGHJKMNPQRSTVW0'
    await using before = await openAt(root)
    expect((await take(before, open, content)).parts[0]?.encryption).toBeUndefined()
    expect(await read(root, open, key)).toEqual(content)
    expect(await readdir(join(root, 'backups/snapshots', open, 'parts'))).toEqual(['service.db.zst'])
    expect(await readdir(join(root, 'backups/snapshots', id, 'parts'))).toEqual(['service.db.zst.age'])
  })

  it('keeps the identity out of options errors', () => {
    const given = { encryption: { recipients: ['age1wrong!'], identity } }
    expect(() => parseOptions(localfs.options, given, 'backup_backend')).toThrow('age recipient')
    expect(redact(`it is ${identity}`)).toBe('it is [redacted]')
  })

  it('moves the frames of a part to an open repository as they are', async () => {
    await using from = await openAt(root, key)
    await using reader = await from.reader(id, testContext())
    const to = await mkdtemp(join(tmpdir(), 'angee-encrypted-'))
    await using target = await openAt(to)
    await using writer = await target.begin(manifest, testContext())
    const [part] = manifest.parts
    if (!part) throw new Error('the snapshot has no part')
    const frames = await readAll((await reader.getFrames?.(part.part, testContext())) ?? wholeStream(Buffer.of()))
    const { stored } = (await writer.putFrames?.(part, () => wholeStream(frames), testContext())) ?? {}
    expect(stored?.stored).toEqual(part.encryption?.compressed)
    expect(stored?.encryption).toBeUndefined()
    expect(await readFile(join(to, 'backups/snapshots', id, 'parts/service.db.zst'))).toEqual(frames)
    await rm(to, { recursive: true })
  })

  it('refuses frames that are other ones than the manifest says', async () => {
    await using from = await openAt(root, key)
    await using reader = await from.reader(id, testContext())
    const [part] = manifest.parts
    if (!part) throw new Error('the snapshot has no part')
    const frames = await readAll((await reader.getFrames?.(part.part, testContext())) ?? wholeStream(Buffer.of()))
    frames[frames.length >> 1] = (frames[frames.length >> 1] ?? 0) ^ 1
    const to = await mkdtemp(join(tmpdir(), 'angee-encrypted-'))
    await using target = await openAt(to)
    for (const wrong of [frames, frames.subarray(1), frames.subarray(0, -1)]) {
      await using writer = await target.begin({ ...manifest, id: '01J9Z3ABCDEFGHJKMNPQRSTVW1' }, testContext())
      await expect(writer.putFrames?.(part, () => wholeStream(wrong), testContext())).rejects.toMatchObject({
        code: 'SNAPSHOT_CORRUPT',
      })
    }
    await rm(to, { recursive: true })
  })
})

async function take(backend: BackupBackend, id: string, content: Buffer): Promise<SnapshotManifest> {
  const draft = { id, createdAt: '2026-01-01T00:00:00.000Z', stack: { name: 's', root: '/s', host: 'h' } }
  await using writer = await backend.begin(draft, testContext())
  const { stored } = await writer.putStream('service/db', () => wholeStream(content), testContext())
  const manifest: SnapshotManifest = {
    format: 1,
    ...draft,
    labels: {},
    finishedAt: draft.createdAt,
    status: 'complete',
    purpose: 'manual',
    tool: { name: 'angee', version: '0' },
    parts: [stored],
    missing: [],
    excluded: [],
    warnings: [],
  }
  await writer.commit(manifest, testContext())
  return manifest
}

async function read(root: string, id: string, encryption: EncryptionOptions | undefined): Promise<Buffer> {
  await using backend = await openAt(root, encryption)
  await using reader = await backend.reader(id, testContext())
  return readAll(await reader.getStream('service/db', testContext()))
}
