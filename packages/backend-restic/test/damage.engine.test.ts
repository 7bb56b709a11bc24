import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { treeTools } from '@angee/archive'
import type { BackupBackend, TreeTools } from '@angee/core'
import { buildTree, collect, type Damage, engineSuite, pseudoRandomBytes, testContext } from '@angee/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { damageFile } from './support/damage.ts'
import { type Piece, piecesOfPacks, piecesOfParts } from './support/pieces.ts'
import { restic, snapshotsIn } from './support/repository.ts'
import { badParts, idOf, open, type Place, placeIn, restore, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const dump = pseudoRandomBytes(11, 300_000)
const other = pseudoRandomBytes(12, 300_000)
const file = pseudoRandomBytes(13, 300_000)

/** The first bytes of a piece are its nonce. */
const insidePiece = 24

/** One kind of damage to one file of the repository, and what is to be found then. */
interface Harm {
  name: string
  how: Damage
  at?: number
  expected: RegExp
}

/**
 * One snapshot with a dump and a tree, another one with other bytes. The tree changed while it was stored for the first
 * time, so that there are pieces which concern no snapshot.
 */
async function stock({ stackRoot, repository }: Place): Promise<void> {
  const data = join(stackRoot, 'data')
  await buildTree(data, { file, 'directory/file': 'content' })
  let attempts = 0
  const moving: TreeTools = {
    ...treeTools,
    summarize: async (source, ctx) => {
      const result = await treeTools.summarize(source, ctx)
      if (++attempts > 1) return result
      // Not before restic has stored what it was.
      while (!snapshotsIn(repository).some(({ tags }) => tags?.includes('angee-part=persist/data'))) await sleep(20)
      writeFileSync(join(data, 'directory', 'file'), 'changed')
      return result
    },
  }
  const backend = await open({ stackRoot, repository }, {}, moving)
  await take(backend, idOf(1), { 'service/db': dump, 'persist/data': treeTools.source(data, []) })
  await take(backend, idOf(2), { 'service/db': other })
  expect(attempts).toBe(2)
}

engineSuite('damage in a restic repository', ['restic'], () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let whole: Place

  beforeAll(async () => {
    directory = await temporaryDirectory()
    whole = placeIn(directory.path)
    await stock(whole)
  })
  afterAll(() => directory[Symbol.asyncDispose]())

  describe.each<Damage>(['flip', 'cut', 'remove'])('%s in any of its files', (how) => {
    it('is found by a full check, or by whoever opens it, and nothing wrong is handed out', async () => {
      const waiting = harms(whole.repository, how)
      const forNobody = waiting.filter(({ name, expected }) => name.startsWith('data/') && expected.test('whole whole'))
      expect(forNobody.length).toBeGreaterThan(0)
      expect(waiting.length).toBeGreaterThan(8)
      const worker = async (): Promise<void> => {
        for (let harm = waiting.pop(); harm !== undefined; harm = waiting.pop()) await tryHarm(whole, harm)
      }
      await Promise.all([worker(), worker(), worker(), worker()])
    })
  })

  it('a flip in the table of a pack, which no restore reads, is not found here, but by restic', async () => {
    await using directory = await temporaryDirectory()
    const place = placeIn(directory.path)
    const backend = await open(place)
    await take(backend, idOf(1), { 'service/db': dump })
    const [pack = ''] = packsIn(place.repository)
    damageFile(pack, 'flip', statSync(pack).size - 10)
    expect(await badParts(backend, idOf(1), 'full')).toEqual([])
    expect(dump.equals(await streamOf(backend, idOf(1), 'service/db'))).toBe(true)
    expect(() => restic(place.repository, ['check', '--read-data', '--no-cache'])).toThrow()
  })
})

/** What the two snapshots are said to be: their bad parts, or the code of the error. */
async function verdict(backend: BackupBackend): Promise<string> {
  const said = async (id: string): Promise<string> => {
    try {
      return (await badParts(backend, id, 'full')).join(',') || 'whole'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  return `${await said(idOf(1))} ${await said(idOf(2))}`
}

async function tryHarm({ repository }: Place, { name, how, at, expected }: Harm): Promise<void> {
  await using scratch = await temporaryDirectory()
  const hurt = { stackRoot: scratch.path, repository: join(scratch.path, 'hurt') }
  cpSync(repository, hurt.repository, { recursive: true })
  damageFile(join(hurt.repository, name), how, at)
  const backend = await open(hurt)
  const said = await verdict(backend)
  expect(said, `${how} ${name} at ${at}`).toMatch(expected)
  await handsOut(backend, scratch.path, said === 'whole whole' ? 'everything' : 'nothing wrong')
}

/** Damage to every file, and where a flip may hit this piece of a pack or that, to each of them. */
function harms(repository: string, how: Damage): Harm[] {
  const packs = piecesOfPacks(repository)
  const parts = piecesOfParts(repository)
  /** The parts of a snapshot that need any of these pieces. Without its manifest the others are not asked for. */
  const bad = (id: string, pieces: readonly Piece[]): string => {
    const hit = parts.filter((one) => one.id === id && pieces.some(({ name }) => one.pieces.has(name)))
    const names = hit.map(({ part }) => part)
    return names.includes('manifest') ? 'manifest' : names.toSorted().toReversed().join(',') || 'whole'
  }
  const inPack = (name: string, pieces: readonly Piece[], at?: number): Harm => {
    const expected = new RegExp(`^${bad(idOf(1), pieces)} ${bad(idOf(2), pieces)}$`)
    return { name, how, expected, ...(at === undefined ? {} : { at }) }
  }
  return filesIn(repository).flatMap((path): Harm[] => {
    const name = relative(repository, path)
    if (!name.startsWith('data/')) return [{ name, how, expected: expectedOutsidePacks(name, how) }]
    const pieces = packs.get(basename(name)) ?? []
    // A pack that lost its end or is gone is a damaged pack, whatever of it is needed.
    if (how !== 'flip') return [inPack(name, pieces)]
    return pieces.map((piece) => inPack(name, [piece], piece.offset + insidePiece))
  })
}

/** A snapshot whose manifest is gone is no snapshot. */
function expectedOutsidePacks(name: string, how: Damage): RegExp {
  if (name === 'config' && how === 'remove') return /^SNAPSHOT_NOT_FOUND SNAPSHOT_NOT_FOUND$/
  if (name.startsWith('keys/') && how === 'remove') return /^CREDENTIAL_WRONG CREDENTIAL_WRONG$/
  if (name === 'config' || name.startsWith('keys/')) return /^(manifest|SNAPSHOT_CORRUPT) (manifest|SNAPSHOT_CORRUPT)$/
  // Every reader needs all indexes.
  if (name.startsWith('index/') && how !== 'remove') return /^manifest manifest$/
  if (name.startsWith('snapshots/') && how === 'remove')
    return /^(SNAPSHOT_NOT_FOUND|service\/db|persist\/data) whole$|^whole (SNAPSHOT_NOT_FOUND|service\/db)$/
  return /^(manifest|service\/db|persist\/data) whole$|^whole (manifest|service\/db)$/
}

/** Whatever is read is right or an error; `everything`: and nothing is an error. getTree compares digests itself. */
async function handsOut(backend: BackupBackend, scratch: string, what: 'everything' | 'nothing wrong'): Promise<void> {
  const unless = <Value>(value: Value) => (what === 'everything' ? raise : () => value)
  for (const [id, bytes] of [
    [idOf(1), dump],
    [idOf(2), other],
  ] as const) {
    const read = await streamOf(backend, id, 'service/db').catch(unless(bytes))
    expect(read.equals(bytes)).toBe(true)
  }
  const into = join(scratch, 'into')
  mkdirSync(into, { mode: 0o700 })
  await restore(backend, idOf(1), 'persist/data', into).catch(unless(undefined))
  await collect(backend.list(testContext())).catch(unless([]))
}

function raise(error: unknown): never {
  throw error
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** The largest first. */
function packsIn(repository: string): string[] {
  return filesIn(join(repository, 'data')).sort((a, b) => statSync(b).size - statSync(a).size)
}
