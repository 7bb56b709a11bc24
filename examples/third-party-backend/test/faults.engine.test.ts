import { once } from 'node:events'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { ObjectStore } from '@angee/archive'
import type { ErrorCode } from '@angee/core'
import {
  collect,
  engineSuite,
  type Fault,
  type FaultProxy,
  fakeClock,
  faultProxy,
  pseudoRandomBytes,
  readAll,
  testContext,
  wholeStream,
} from '@angee/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { webdavObjectStore } from '../src/store.ts'
import { serveWebdav, type WebdavServer } from './rclone.ts'

const bytes = pseudoRandomBytes(1, 3_000_000)

/** Its pauses take no time: what stays locked for ever need not be waited for. */
const hurried = () => testContext({ clock: { now: () => Date.now(), sleep: () => setImmediate() } })

engineSuite('WebDAV behind a network that fails', ['tools'], () => {
  let server: WebdavServer
  let proxy: FaultProxy
  let store: ObjectStore
  beforeAll(async () => {
    server = await serveWebdav()
    proxy = await faultProxy(server.url)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    proxy.inject(() => undefined)
    store = webdavObjectStore({ url: `${proxy.url}/place` })
    await store.put('dir/there', bytes, {}, testContext())
  })
  afterEach(async () => {
    proxy.inject(() => undefined)
    await store[Symbol.asyncDispose]()
    await rm(join(server.directory, 'place'), { recursive: true, force: true })
  })

  const on = (method: string, fault: Fault) =>
    proxy.inject((request) => (request.method === method ? fault : undefined))

  /** Every call, with the methods that it asks with. */
  const calls: [string, string[], (ctx: ReturnType<typeof testContext>) => Promise<unknown>][] = [
    [
      'put',
      ['PROPFIND', 'PUT', 'LOCK', 'MOVE'],
      (ctx) => store.put('dir/new', wholeStream(bytes), { ifAbsent: true }, ctx),
    ],
    ['copy', ['PROPFIND', 'COPY', 'LOCK', 'MOVE'], async (ctx) => store.copy?.('dir/there', 'dir/new', ctx)],
    ['get', ['PROPFIND', 'GET'], async (ctx) => readAll(await store.get('dir/there', undefined, ctx))],
    ['head', ['PROPFIND'], (ctx) => store.head('dir/there', ctx)],
    ['list', ['PROPFIND'], (ctx) => collect(store.list('', ctx))],
    ['delete', ['PROPFIND', 'DELETE'], (ctx) => store.delete('dir/there', ctx)],
    ['preflight', ['PUT', 'GET', 'DELETE'], (ctx) => store.preflight(ctx)],
    ['collectGarbage', ['PROPFIND'], async (ctx) => store.collectGarbage?.(ctx)],
  ]
  const requests = calls.flatMap(([call, methods, run]) => methods.map((method) => [call, method, run] as const))

  it.each(requests)('%s ends with the reason of the signal while the server hangs at %s', async (_, method, run) => {
    const reason = new Error('the person pressed Ctrl-C')
    const stopping = new AbortController()
    proxy.inject((request) => {
      if (request.method !== method) return undefined
      setTimeout(() => stopping.abort(reason), 20)
      return { type: 'hang' }
    })
    await expect(run(testContext({ signal: stopping.signal }))).rejects.toBe(reason)
  })

  it.each(requests)(
    '%s says that the server cannot be reached when the connection breaks at %s',
    async (_, method, run) => {
      on(method, { type: 'lose-answer' })
      await expect(run(hurried())).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining(`${proxy.url}/place`),
        hint: expect.stringContaining('backup_backend.url'),
        retry: 'later',
      })
    },
  )

  const refusals: [number, string, ErrorCode][] = [
    [401, 'PROPFIND', 'CREDENTIAL_WRONG'],
    [401, 'MKCOL', 'CREDENTIAL_WRONG'],
    [401, 'PUT', 'CREDENTIAL_WRONG'],
    [403, 'PUT', 'BACKEND_READ_ONLY'],
    [507, 'PUT', 'SPACE_INSUFFICIENT'],
    [507, 'MOVE', 'SPACE_INSUFFICIENT'],
    [413, 'PUT', 'BACKEND_FAILED'],
    [423, 'MOVE', 'BACKEND_UNAVAILABLE'],
    [503, 'PUT', 'BACKEND_UNAVAILABLE'],
    [301, 'PUT', 'BACKEND_FAILED'],
    [500, 'MOVE', 'BACKEND_FAILED'],
    [207, 'MOVE', 'BACKEND_FAILED'],
  ]
  it.each(refusals)('%i to a %s fails a put with %s %s, and stores nothing', async (status, method, code) => {
    await using fresh = webdavObjectStore({ url: `${proxy.url}/place` })
    on(method, { type: 'answer', status })
    await expect(fresh.put('dir/new', wholeStream(bytes), {}, hurried())).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/./),
    })
    proxy.inject(() => undefined)
    expect(await store.head('dir/new', testContext())).toBeUndefined()
  })

  it('a server without locks stores all the same, and one that does not unlock holds nobody up', async () => {
    on('LOCK', { type: 'answer', status: 501 })
    await store.put('dir/first', wholeStream(bytes), { ifAbsent: true }, testContext())
    on('UNLOCK', { type: 'hang' })
    await store.put('dir/second', wholeStream(bytes), { ifAbsent: true }, testContext())
    for (const key of ['dir/first', 'dir/second']) {
      expect(await store.head(key, testContext())).toEqual({ bytes: bytes.length })
    }
    proxy.inject(() => undefined)
  })

  it('an upload that is cut leaves nothing', async () => {
    on('PUT', { type: 'cut-upload', after: 1_000_000 })
    await expect(store.put('dir/new', wholeStream(bytes), {}, testContext())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    expect(await store.head('dir/new', testContext())).toBeUndefined()
    await store[Symbol.asyncDispose]()
    expect(await readdir(join(server.directory, 'place/incoming~'))).toEqual([])
  })

  it('a server that kept less than it was given does not get away with it', async () => {
    on('PUT', { type: 'answer', status: 201 })
    const put = store.put('dir/new', wholeStream(bytes), {}, testContext())
    await expect(put).rejects.toMatchObject({ message: expect.stringContaining(`of ${bytes.length} bytes`) })
  })

  it.each([
    ['cut', { type: 'cut-download', after: 100_000 }],
    ['answered with a page', { type: 'answer', status: 200, body: 'Please log in' }],
  ] as [string, Fault][])('a download that is %s errors', async (_, fault) => {
    on('GET', fault)
    const read = async () => readAll(await store.get('dir/there', undefined, testContext()))
    await expect(read()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('a listing that is cut throws', async () => {
    on('PROPFIND', { type: 'cut-download', after: 300 })
    await expect(collect(store.list('', testContext()))).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('a listing that some servers break off when something goes meanwhile is asked for again', async () => {
    let left = 1
    proxy.inject(({ method }) =>
      method === 'PROPFIND' && left-- > 0 ? { type: 'answer', status: 207, body: '<multistatus>' } : undefined,
    )
    expect(await collect(store.list('', testContext()))).toEqual([{ key: 'dir/there', bytes: bytes.length }])
    expect(left).toBeLessThan(0)
  })

  it('a collection that was removed meanwhile is made again', async () => {
    await rm(join(server.directory, 'place/dir'), { recursive: true })
    await store.put('dir/new', Buffer.from('new'), {}, testContext())
    expect(await store.head('dir/new', testContext())).toEqual({ bytes: 3 })
  })

  it('never deletes or replaces a collection by the name of an object', async () => {
    await store.delete('dir', testContext())
    await expect(store.put('dir', Buffer.from('x'), {}, testContext())).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
    })
    expect(await store.head('dir/there', testContext())).toEqual({ bytes: bytes.length })
  })

  describe('the collection of garbage', () => {
    it('takes what an earlier process of this number left, and leaves what is foreign', async () => {
      const incoming = join(server.directory, 'place/incoming~')
      const old = Date.now() - 8 * 24 * 3_600_000
      for (const [name, content] of [
        [`${Date.now()}~${hostname()}~${process.pid}~earlier~1`, 'ours'],
        [`${old}~elsewhere~7~process~2`, 'old'],
        [`${Date.now()}~elsewhere~7~process~3`, 'young'],
        ['notes.txt', 'foreign'],
      ] as const) {
        await writeFile(join(incoming, name), content)
      }
      expect(await store.collectGarbage?.(testContext())).toEqual({ removed: 2, bytes: 7 })
      expect((await readdir(incoming)).map((name) => name.split('~').at(-1)).sort()).toEqual(['3', 'notes.txt'])
    })

    it('takes collections that have been empty for a week, and no younger ones', async () => {
      for (const key of ['gone/parts/a', 'going/a', 'going/b'])
        await store.put(key, Buffer.from('a'), {}, testContext())
      for (const key of ['gone/parts/a', 'going/a']) await store.delete(key, testContext())
      const later = (days: number) => testContext({ clock: fakeClock(Date.now() + days * 24 * 3_600_000) })
      await store.collectGarbage?.(later(6))
      expect(await readdir(join(server.directory, 'place/gone'))).toEqual(['parts'])
      await store.collectGarbage?.(later(8))
      expect(await readdir(join(server.directory, 'place/gone'))).toEqual([])
      expect(await readdir(join(server.directory, 'place/going'))).toEqual(['b'])
    })
  })
})

describe('a server that is none', () => {
  it('is named by preflight, with the next step', async () => {
    const page = createServer((_, reply) => reply.writeHead(404).end('nothing here')).listen(0, '127.0.0.1')
    await once(page, 'listening')
    await using store = webdavObjectStore({ url: `http://127.0.0.1:${(page.address() as AddressInfo).port}/x` })
    await expect(store.preflight(testContext())).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      hint: expect.stringContaining('WebDAV address'),
    })
    page.close()
    page.closeAllConnections()
    await expect(store.preflight(testContext())).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
