import { archiveBackend, treeTools } from '@angee/archive'
import { type MemoryObjectStore, memoryBackend, memoryObjectStore, type StoreCall, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { AngeeError, type BackupBackend, copySnapshot } from '../../src/index.ts'
import { contents, dump, id, ids, store } from '../support/snapshot.ts'
import { stackWith } from '../support/stack.ts'

const failure = new AngeeError('BACKEND_UNAVAILABLE', 'the storage went away')

/** What the target sees of a copy: mark, two parts, manifest; before them the repository. */
const puts = ['repository.json', 'writing.json', 'persist.files.tar.zst', 'service.db.zst', 'manifest.json']

async function copyInto(target: BackupBackend, source: BackupBackend, signal?: AbortSignal) {
  await using stack = await stackWith({ default: source, offsite: target })
  const ctx = testContext(signal ? { signal } : {})
  await using from = await stack.backends.open('default', ctx)
  await using to = await stack.backends.open('offsite', ctx)
  return await copySnapshot(stack, { snapshot: id, from, to }, ctx)
}

/** The storage as another process finds it: with no memory of what failed. */
function reopened({ objects }: MemoryObjectStore): BackupBackend {
  return archiveBackend('archive', memoryObjectStore({ objects }))
}

describe.each([
  ['frames', () => archiveBackend('archive', memoryObjectStore())],
  ['streams and trees', () => memoryBackend({ trees: treeTools })],
])('a copy of %s', (_, makeSource) => {
  it.each(puts)('whose put of %s fails leaves nothing, and succeeds when it is made again', async (name) => {
    const source = makeSource()
    await store(source)
    const target = memoryObjectStore({
      before: ({ method, key }) => {
        if (method === 'put' && key.endsWith(name)) throw failure
      },
    })
    await expect(copyInto(archiveBackend('archive', target), source)).rejects.toMatchObject({ code: failure.code })
    expect([...target.objects.keys()].filter((key) => key !== 'repository.json')).toEqual([])
    await copyInto(reopened(target), source)
    expect((await contents(reopened(target))).bytes.equals(dump)).toBe(true)
  })

  it.each(puts)('killed at its put of %s shows nothing, and the next one sweeps what it left', async (name) => {
    const source = makeSource()
    await store(source)
    let killed = false
    const target = memoryObjectStore({
      before: ({ method, key }: StoreCall) => {
        killed ||= method === 'put' && key.endsWith(name)
        if (killed) throw failure
      },
    })
    await expect(copyInto(archiveBackend('archive', target), source)).rejects.toThrow()
    expect(killed).toBe(true)
    expect(await ids(reopened(target))).toEqual([])
    ofDeadProcess(target)
    await copyInto(reopened(target), source)
    expect(await ids(reopened(target))).toEqual([id])
    expect([...target.objects.keys()].filter((key) => key.includes(id))).toHaveLength(3)
    expect((await contents(reopened(target))).bytes.equals(dump)).toBe(true)
  })

  it('that is cancelled leaves nothing', async () => {
    const source = makeSource()
    await store(source)
    const reason = new AngeeError('INTERRUPTED', 'enough')
    const controller = new AbortController()
    const target = memoryObjectStore({
      before: ({ method, key }) => {
        if (method === 'put' && key.endsWith('service.db.zst')) controller.abort(reason)
      },
    })
    await expect(copyInto(archiveBackend('archive', target), source, controller.signal)).rejects.toBe(reason)
    expect([...target.objects.keys()]).toEqual(['repository.json'])
  })
})

describe('a target that lies', () => {
  it('and keeps less of a part than it was sent is found out', async () => {
    const source = archiveBackend('archive', memoryObjectStore())
    await store(source)
    const target = memoryObjectStore({
      keep: (key, bytes) => (key.endsWith('service.db.zst') ? bytes.subarray(1) : bytes),
    })
    await expect(copyInto(archiveBackend('archive', target), source)).rejects.toMatchObject({ code: 'BACKEND_FAILED' })
    expect(await ids(reopened(target))).toEqual([])
  })

  it('and gives back another manifest is found out', async () => {
    const source = archiveBackend('archive', memoryObjectStore())
    await store(source)
    const target = archiveBackend('archive', memoryObjectStore())
    let asked = 0
    const lying: BackupBackend = {
      ...target,
      stat: async (one, ctx) => {
        const found = await target.stat(one, ctx)
        asked++
        return { ...found, labels: {} }
      },
    }
    await expect(copyInto(lying, source)).rejects.toMatchObject({ code: 'BACKEND_FAILED' })
    expect(asked).toBe(1)
  })

  it('and stores another tree is found out', async () => {
    const source = memoryBackend({ trees: treeTools })
    await store(source)
    const target = archiveBackend('archive', memoryObjectStore())
    const lying: BackupBackend = {
      ...target,
      begin: async (draft, ctx) => {
        const writer = await target.begin(draft, ctx)
        return {
          ...writer,
          putTree: (part, tree, own) => writer.putTree(part, treeTools.source(tree.directory, ['a']), own),
        }
      },
    }
    await expect(copyInto(lying, source)).rejects.toMatchObject({
      code: 'PART_FAILED',
      message: expect.stringContaining('persist/files came out different'),
    })
    expect(await ids(target)).toEqual([])
  })
})

/** The mark of the copy that was killed names this very process, which goes on. */
function ofDeadProcess({ objects }: MemoryObjectStore): void {
  const key = `snapshots/${id}/writing.json`
  const mark = objects.get(key)
  if (mark) objects.set(key, Buffer.from(JSON.stringify({ ...JSON.parse(String(mark)), pid: 2 ** 22 + 1 })))
}
