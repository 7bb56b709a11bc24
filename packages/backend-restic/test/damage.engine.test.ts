import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { buildTree, collect, type Damage, engineSuite, pseudoRandomBytes, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { damageFile } from './support/damage.ts'
import { restic } from './support/repository.ts'
import { badParts, idOf, open, type Place, placeIn, restore, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const dump = pseudoRandomBytes(11, 300_000)
const other = pseudoRandomBytes(12, 300_000)
const file = pseudoRandomBytes(13, 300_000)

/** A pack is its pieces and then a table of them. Of a small one the table is more than half. */
const insideFirstPiece = 24

/** One snapshot with a dump and a tree, another one with other bytes. */
async function stock({ stackRoot, repository }: Place): Promise<void> {
  const data = join(stackRoot, 'data')
  await buildTree(data, { file, 'directory/file': 'content' })
  const backend = await open({ stackRoot, repository })
  await take(backend, idOf(1), { 'service/db': dump, 'persist/data': treeTools.source(data, []) })
  await take(backend, idOf(2), { 'service/db': other })
}

engineSuite('damage in a restic repository', ['restic'], () => {
  describe.each<Damage>(['flip', 'cut', 'remove'])('%s in any of its files', (how) => {
    it('is found by a full check, or by whoever opens it, and nothing wrong is handed out', async () => {
      await using directory = await temporaryDirectory()
      const whole = placeIn(directory.path)
      await stock(whole)
      const entries = readdirSync(whole.repository, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      const check = async (path: string): Promise<void> => {
        const name = path.slice(whole.repository.length + 1)
        await using scratch = await temporaryDirectory()
        const hurt = { stackRoot: scratch.path, repository: join(scratch.path, 'hurt') }
        cpSync(whole.repository, hurt.repository, { recursive: true })
        damageFile(join(hurt.repository, name), how, name.startsWith('data/') ? insideFirstPiece : undefined)
        const said = await verdict(hurt)
        // A tree that was stored a second time leaves pieces of the first, which concern no snapshot.
        if (said === 'whole whole' && name.startsWith('data/')) await handsOutEverything(hurt)
        else expect(said, `${how} ${name}`).toMatch(expected(name, how))
        await handsOutNothingWrong(hurt)
      }
      const waiting = [...files]
      const worker = async (): Promise<void> => {
        for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) await check(path)
      }
      await Promise.all([worker(), worker(), worker(), worker()])
      expect(files.length).toBeGreaterThan(8)
    }, 240_000)
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
async function verdict(place: Place): Promise<string> {
  const backend = await open(place)
  const said = async (id: string): Promise<string> => {
    try {
      return (await badParts(backend, id, 'full')).join(',') || 'whole'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  return `${await said(idOf(1))} ${await said(idOf(2))}`
}

/** What reads what is in a file of the repository; a snapshot whose manifest is gone is no snapshot. */
function expected(name: string, how: Damage): RegExp {
  if (name === 'config' && how === 'remove') return /^SNAPSHOT_NOT_FOUND SNAPSHOT_NOT_FOUND$/
  if (name.startsWith('keys/') && how === 'remove') return /^CREDENTIAL_WRONG CREDENTIAL_WRONG$/
  if (name === 'config' || name.startsWith('keys/')) return /^(manifest|SNAPSHOT_CORRUPT) (manifest|SNAPSHOT_CORRUPT)$/
  // Every reader needs all indexes.
  if (name.startsWith('index/') && how !== 'remove') return /^manifest manifest$/
  if (name.startsWith('snapshots/') && how === 'remove')
    return /^(SNAPSHOT_NOT_FOUND|service\/db|persist\/data) whole$|^whole (SNAPSHOT_NOT_FOUND|service\/db)$/
  return /^(manifest|service\/db|persist\/data) whole$|^whole (manifest|service\/db)$/
}

/** Every part can be had, and is right: getTree and getStream compare digests. */
async function handsOutEverything(place: Place): Promise<void> {
  const backend = await open(place)
  expect(dump.equals(await streamOf(backend, idOf(1), 'service/db'))).toBe(true)
  expect(other.equals(await streamOf(backend, idOf(2), 'service/db'))).toBe(true)
  const into = join(place.stackRoot, 'everything')
  mkdirSync(into, { mode: 0o700 })
  await restore(backend, idOf(1), 'persist/data', into)
}

/** Whatever is read is right or an error. */
async function handsOutNothingWrong(place: Place): Promise<void> {
  const backend = await open(place)
  for (const [id, bytes] of [
    [idOf(1), dump],
    [idOf(2), other],
  ] as const) {
    const read = await streamOf(backend, id, 'service/db').catch(() => bytes)
    expect(read.equals(bytes)).toBe(true)
  }
  const into = join(place.stackRoot, 'into')
  mkdirSync(into, { mode: 0o700 })
  await restore(backend, idOf(1), 'persist/data', into).catch(() => undefined)
  await collect(backend.list(testContext())).catch(() => undefined)
}

/** The largest first. */
function packsIn(repository: string): string[] {
  const entries = readdirSync(join(repository, 'data'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.sort((a, b) => statSync(b).size - statSync(a).size)
}
