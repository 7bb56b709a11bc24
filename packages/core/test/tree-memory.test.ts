import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileStore, nodeFiles, type SnapshotManifest, type Stack, type StoredPart } from '../src/index.ts'
import { keepMemories, recallTree } from '../src/snapshot/memory.ts'

const firstId = '01J9Z3ABCDEFGHJKMNPQRSTV01'
const nextId = '01J9Z3ABCDEFGHJKMNPQRSTV02'
const part = 'persist/data'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'angee-memory-'))
})
afterEach(() => rm(directory, { recursive: true }))

/** As much of a stack as its memory of trees needs. */
function stackAt({ type = 'localfs', location = '/backups', incremental = true } = {}): Stack {
  const place = { root: directory, base: directory, manifestFile: '', stateDirectory: directory }
  const backend = { type, location, capabilities: { incremental } }
  return { place, backend, store: fileStore(directory, nodeFiles), files: nodeFiles } as unknown as Stack
}

function storedAs(digest: string): StoredPart {
  const digested = { bytes: 1, digest }
  const entries = { file: 1, directory: 1, symlink: 0, hardlink: 0, fifo: 0, device: 0 }
  return { part, kind: 'tree', raw: digested, stored: digested, tree: { digest, entries, bytes: 1 } }
}

function manifestOf(id: string, stored: StoredPart, status: 'complete' | 'partial' = 'complete'): SnapshotManifest {
  return { id, status, parts: [stored] } as unknown as SnapshotManifest
}

const file = (name: string) => join(directory, 'trees', name)
const entriesOf = (id: string) => file(`persist.data.${id}.entries`)

/** A snapshot that read the tree while it stood still. */
async function snapshotRead(id: string, stored: StoredPart, status?: 'partial', stack = stackAt()): Promise<void> {
  const recalled = await recallTree(stack, part, id, true, testContext())
  await writeFile(recalled?.memory?.next ?? '', `entries of ${id}`)
  await keepMemories(stack, manifestOf(id, stored, status), testContext())
}

describe('what a snapshot remembers of a tree', () => {
  it('is recalled by the next one, and names the snapshot and its part', async () => {
    await snapshotRead(firstId, storedAs('a'))
    expect(await recallTree(stackAt(), part, nextId, true, testContext())).toEqual({
      previous: { id: firstId, stored: storedAs('a') },
      memory: { last: entriesOf(firstId), next: entriesOf(nextId) },
    })
    expect((await stat(file('persist.data.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(file('.'))).mode & 0o777).toBe(0o700)
  })

  it('is not recalled where everything is to be read', async () => {
    await snapshotRead(firstId, storedAs('a'))
    const recalled = await recallTree(stackAt(), part, nextId, false, testContext())
    expect(recalled).toEqual({ memory: { next: entriesOf(nextId) } })
  })

  it('stays with the complete one when a partial one follows', async () => {
    await snapshotRead(firstId, storedAs('a'))
    await snapshotRead(nextId, storedAs('b'), 'partial')
    expect((await recallTree(stackAt(), part, nextId, true, testContext()))?.previous?.id).toBe(firstId)
    expect((await readdir(file('.'))).sort()).toEqual([`persist.data.${firstId}.entries`, 'persist.data.json'])
  })

  it('goes over to a later snapshot that stored the same part without reading, and stays for another one', async () => {
    await snapshotRead(firstId, storedAs('a'))
    const context = testContext()
    expect(await keepMemories(stackAt(), manifestOf(nextId, storedAs('a')), context)).toEqual([
      { part, since: firstId },
    ])
    const recalled = await recallTree(stackAt(), part, nextId, true, context)
    expect(recalled?.previous?.id).toBe(nextId)
    expect(recalled?.memory?.last).toBe(entriesOf(firstId))
    expect(await readFile(entriesOf(firstId), 'utf8')).toBe(`entries of ${firstId}`)

    const last = '01J9Z3ABCDEFGHJKMNPQRSTV03'
    expect(await keepMemories(stackAt(), manifestOf(last, storedAs('b')), context)).toEqual([])
    expect((await recallTree(stackAt(), part, last, true, context))?.previous?.id).toBe(nextId)
  })

  it('loses what an operation left behind that came to nothing', async () => {
    await snapshotRead(firstId, storedAs('a'))
    await writeFile(entriesOf(nextId), 'left')
    await writeFile(file('persist.data.more.01J9Z3ABCDEFGHJKMNPQRSTV02.entries'), 'of a part with a longer name')
    await recallTree(stackAt(), part, '01J9Z3ABCDEFGHJKMNPQRSTV03', true, testContext())
    expect((await readdir(file('.'))).sort()).toEqual([
      `persist.data.${firstId}.entries`,
      'persist.data.json',
      'persist.data.more.01J9Z3ABCDEFGHJKMNPQRSTV02.entries',
    ])
  })

  it.each([
    ['of another type', { type: 's3' }],
    ['at another place', { location: '/elsewhere' }],
  ])('is not recalled for a backend %s', async (_, backend) => {
    await snapshotRead(firstId, storedAs('a'))
    const recalled = await recallTree(stackAt(backend), part, nextId, true, testContext())
    expect(recalled).toEqual({ memory: { next: entriesOf(nextId) } })
  })

  it('is nothing at all for a backend that has no use for it', async () => {
    const stack = stackAt({ incremental: false })
    expect(await recallTree(stack, part, nextId, true, testContext())).toBeUndefined()
    await keepMemories(stack, manifestOf(nextId, storedAs('a')), testContext())
    expect(await readdir(directory)).toEqual([])
  })

  it('counts as none with any byte changed, and cut anywhere', async () => {
    await snapshotRead(firstId, storedAs('a'))
    const path = file('persist.data.json')
    const whole = await readFile(path)
    const isRecalled = async (bytes: Uint8Array): Promise<boolean> => {
      await writeFile(path, bytes)
      await writeFile(entriesOf(firstId), 'entries')
      const recalled = await recallTree(stackAt(), part, nextId, true, testContext())
      return recalled === undefined || recalled.previous !== undefined
    }
    // The last byte is the end of the line, which says nothing.
    for (let at = 0; at < whole.length - 1; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7))
      expect(await isRecalled(changed), `byte ${at} changed`).toBe(false)
      expect(await isRecalled(whole.subarray(0, at)), `cut after ${at} bytes`).toBe(false)
    }
    expect(await isRecalled(whole)).toBe(true)
  })

  it('fails no snapshot where it can be neither recalled nor kept', async () => {
    await writeFile(join(directory, 'trees'), 'no directory')
    expect(await recallTree(stackAt(), part, nextId, true, testContext())).toBeUndefined()
    expect(await keepMemories(stackAt(), manifestOf(nextId, storedAs('a')), testContext())).toEqual([])
    await rm(join(directory, 'trees'))
    await mkdir(file('persist.data.json'), { recursive: true })
    expect(await recallTree(stackAt(), part, nextId, true, testContext())).toBeUndefined()
  })
})
