import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import type { BackupBackend } from '@angee/core'
import {
  buildTree,
  collect,
  describeTree,
  engineSuite,
  type FaultProxy,
  faultProxy,
  type ProxiedRequest,
  pseudoRandomBytes,
  testContext,
} from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import restic from '../src/index.ts'
import { emptyRepository, password, program, snapshotsIn } from './support/repository.ts'
import { restServer } from './support/servers.ts'
import { idOf, restore, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const dump = pseudoRandomBytes(31, 3_000_000)

interface Setup extends AsyncDisposable {
  path: string
  stored: string
  proxy: FaultProxy
  backend: BackupBackend
  /** As on another machine: without what restic has in its cache. */
  elsewhere(): Promise<BackupBackend>
}

/** A repository on a rest-server, behind a proxy that fails on purpose. */
async function behindProxy(): Promise<Setup> {
  const directory = await temporaryDirectory()
  const stored = join(directory.path, 'stored')
  emptyRepository(stored)
  const server = await restServer(stored)
  const proxy = await faultProxy(server.url)
  const cache = join(directory.path, 'cache')
  const open = () => {
    const options = { repository: `rest:${proxy.url}/`, password, program, environment: { RESTIC_CACHE_DIR: cache } }
    return restic.open({ options, stackRoot: directory.path, trees: treeTools }, testContext())
  }
  return {
    path: directory.path,
    stored,
    proxy,
    backend: await open(),
    elsewhere: async () => {
      rmSync(cache, { recursive: true, force: true })
      return open()
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

const isPack = ({ path }: ProxiedRequest): boolean => path.startsWith('/data/')
/**
 * A pack of which a cut leaves something out. Of a smaller one the server would have everything and only the answer would
 * be lost, while it is busy: it may then put into place what restic has removed again, and refuse it a second time.
 */
const isLargePack = (request: ProxiedRequest): boolean =>
  isPack(request) && Number(request.headers['content-length']) > 100_000
/** The first `times` requests that match. */
const first = (times: number, matches: (request: ProxiedRequest) => boolean) => {
  let left = times
  return (request: ProxiedRequest) => matches(request) && left-- > 0
}

// Each has a server, a proxy and a repository of its own, and mostly waits for restic to try again.
engineSuite('a network that fails below restic', ['restic', 'rest-server'], () => {
  describe.concurrent.each([
    ['an answer of 500', { type: 'answer', status: 500 }],
    ['an upload that is cut', { type: 'cut-upload', after: 1000 }],
    ['an upload of wrong bytes', { type: 'damage-upload', at: 1000 }],
    ['an answer that is lost', { type: 'lose-answer' }],
  ] as const)('%s', (_, fault) => {
    it.concurrent('while a dump is stored is got over, and what is there is whole', async () => {
      await using setup = await behindProxy()
      const fails = first(2, (request) => isLargePack(request) && request.method === 'POST')
      setup.proxy.inject((request) => (fails(request) ? fault : undefined))
      await take(setup.backend, idOf(1), { 'service/db': dump })
      setup.proxy.inject(() => undefined)
      const elsewhere = await setup.elsewhere()
      expect(dump.equals(await streamOf(elsewhere, idOf(1), 'service/db'))).toBe(true)
      expect((await elsewhere.check?.(idOf(1), 'full', testContext()))?.parts.every(({ ok }) => ok)).toBe(true)
    })
  })

  describe.concurrent.each([
    ['an answer that is cut', { type: 'cut-download', after: 1000 }],
    ['an answer of wrong bytes', { type: 'damage-download', at: 1000 }],
    ['an answer of 503', { type: 'answer', status: 503 }],
  ] as const)('%s', (_, fault) => {
    it.concurrent('while a dump or a tree is read is got over, and the bytes are right', async () => {
      await using setup = await behindProxy()
      const [data, into] = [join(setup.path, 'data'), join(setup.path, 'into')]
      await buildTree(data, { file: pseudoRandomBytes(32, 2_000_000), other: 'content' })
      mkdirSync(into, { mode: 0o700 })
      await take(setup.backend, idOf(1), { 'service/db': dump, 'persist/data': treeTools.source(data, []) })
      const elsewhere = await setup.elsewhere()
      const fails = first(2, (request) => isPack(request) && request.method === 'GET')
      setup.proxy.inject((request) => (fails(request) ? fault : undefined))
      expect(dump.equals(await streamOf(elsewhere, idOf(1), 'service/db'))).toBe(true)
      await restore(elsewhere, idOf(1), 'persist/data', into)
      expect(await describeTree(into)).toEqual(await describeTree(data))
    })
  })

  it.concurrent('wrong bytes for ever are SNAPSHOT_CORRUPT, and none of them is handed out as the end', async () => {
    await using setup = await behindProxy()
    await take(setup.backend, idOf(1), { 'service/db': dump })
    const elsewhere = await setup.elsewhere()
    await elsewhere.stat(idOf(1), testContext())
    const large = (request: ProxiedRequest): boolean => isPack(request) && request.method === 'GET'
    setup.proxy.inject((request) => (large(request) ? { type: 'damage-download', at: 5 } : undefined))
    await expect(streamOf(elsewhere, idOf(1), 'service/db')).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
  })

  it.concurrent.each(['preflight', 'list', 'stat', 'begin', 'delete'] as const)(
    'a server that is not there is BACKEND_UNAVAILABLE before long: %s',
    async (call) => {
      await using directory = await temporaryDirectory()
      const options = { repository: 'rest:http://127.0.0.1:9/', password, program }
      const backend = await restic.open({ options, stackRoot: directory.path, trees: treeTools }, testContext())
      const making = {
        preflight: () => backend.preflight(testContext()),
        list: () => collect(backend.list(testContext())),
        stat: () => backend.stat(idOf(1), testContext()),
        begin: () => take(backend, idOf(1), {}),
        delete: () => backend.delete(idOf(1), testContext()),
      }
      await expect(making[call]()).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining('connection refused'),
        retry: 'later',
      })
    },
  )

  it.concurrent('a server that answers nothing can be given up at any time', async () => {
    await using setup = await behindProxy()
    setup.proxy.inject(() => ({ type: 'hang' }))
    const reason = new Error('enough')
    for (const call of ['preflight', 'list'] as const) {
      const stopping = new AbortController()
      const ctx = testContext({ signal: stopping.signal })
      const before = setup.proxy.requests.length
      const calling = call === 'list' ? collect(setup.backend.list(ctx)) : setup.backend.preflight(ctx)
      calling.catch(() => undefined)
      while (setup.proxy.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 20))
      stopping.abort(reason)
      await expect(calling).rejects.toBe(reason)
    }
  })

  it.concurrent('a backup that is given up while the server hangs leaves nothing visible', async () => {
    await using setup = await behindProxy()
    const stopping = new AbortController()
    const reason = new Error('enough')
    setup.proxy.inject((request) => {
      if (!isPack(request) || request.method !== 'POST') return undefined
      setTimeout(() => stopping.abort(reason), 200)
      return { type: 'hang' }
    })
    const taking = take(setup.backend, idOf(1), { 'service/db': dump }, testContext({ signal: stopping.signal }))
    await expect(taking).rejects.toBe(reason)
    expect(snapshotsIn(setup.stored)).toEqual([])
  })

  it.concurrent('a listing that loses an answer throws, and does not end early', async () => {
    await using setup = await behindProxy()
    for (const number of [1, 2]) await take(setup.backend, idOf(number), { 'service/db': dump })
    const elsewhere = await setup.elsewhere()
    const ofSnapshot = ({ path, method }: ProxiedRequest): boolean => method === 'GET' && /^\/snapshots\/./.test(path)
    setup.proxy.inject((request) => (ofSnapshot(request) ? { type: 'answer', status: 500 } : undefined))
    await expect(collect(elsewhere.list(testContext()))).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
