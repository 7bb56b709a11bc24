import { treeTools } from '@angee/archive'
import { isAngeeError } from '@angee/core'
import {
  collect,
  engineSuite,
  type Fault,
  type ProxiedRequest,
  pseudoRandomBytes,
  readAll,
  wholeStream,
} from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import s3 from '../src/index.ts'
import { behindProxy, first } from './support/behind-proxy.ts'
import { type Server, startVersitygw } from './support/server.ts'

const mebibyte = 1024 * 1024
const bytes = pseudoRandomBytes(2, 20 * mebibyte + 13)
const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'

const isGet = ({ method, path }: ProxiedRequest) => method === 'GET' && path.includes('/stack/a?')
const isList = ({ method, path }: ProxiedRequest) => method === 'GET' && path.includes('list-type=2')

const passing: Fault[] = [
  { type: 'answer', status: 500 },
  { type: 'answer', status: 503 },
  { type: 'slow', milliseconds: 300 },
  { type: 'hang' },
  { type: 'hang', after: 200 },
  { type: 'cut-download', after: 0 },
  { type: 'cut-download', after: 200 },
  { type: 'lose-answer' },
]
const lasting: [Fault, string][] = [
  [{ type: 'answer', status: 500 }, 'BACKEND_FAILED'],
  [{ type: 'answer', status: 503 }, 'BACKEND_UNAVAILABLE'],
  [{ type: 'answer', status: 403, body: denied }, 'CREDENTIAL_WRONG'],
  [{ type: 'hang' }, 'BACKEND_UNAVAILABLE'],
  [{ type: 'cut-download', after: 0 }, 'BACKEND_UNAVAILABLE'],
]

/** Who hangs is given up soon; the others have time even where the machine is busy. */
const patience = ({ type }: Fault) => (type === 'hang' ? 2 : 10)

engineSuite('downloads and listings through a network that fails', ['s3'], () => {
  let server: Server
  beforeAll(async () => {
    server = await startVersitygw()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it.concurrent.each(passing)('a get survives %j', async (fault) => {
    await using setup = await behindProxy(server, {}, patience(fault))
    await setup.store.put('a', bytes, {}, setup.context())
    setup.proxy.inject(first(1, fault, isGet))
    expect(bytes.equals(await readAll(await setup.store.get('a', undefined, setup.context())))).toBe(true)
  })

  it.concurrent.each(lasting)('a get under lasting %j fails with %s', async (fault, code) => {
    await using setup = await behindProxy(server, {}, patience(fault))
    await setup.store.put('a', bytes, {}, setup.context())
    setup.proxy.inject((request) => (isGet(request) ? fault : undefined))
    const reading = async () => readAll(await setup.store.get('a', undefined, setup.context()))
    const refusal = await reading().catch((error: unknown) => error)
    expect(isAngeeError(refusal) ? refusal.code : refusal).toBe(code)
  })

  it('a cut body is taken up where it broke off, in every range, however often', async () => {
    await using setup = await behindProxy(server)
    await setup.store.put('a', bytes, {}, setup.context())
    setup.proxy.inject((request) => (isGet(request) ? { type: 'cut-download', after: 3 * mebibyte } : undefined))
    const range = { start: 5, end: bytes.length - 5 }
    const read = await readAll(await setup.store.get('a', range, setup.context()))
    expect(bytes.subarray(range.start, range.end).equals(read)).toBe(true)
    const asked = setup.proxy.requests.filter(isGet).map(({ headers }) => headers['range'])
    expect(asked).toContain(`bytes=5-${8 * mebibyte + 4}`)
    expect(asked).toContain(`bytes=${3 * mebibyte + 5}-${8 * mebibyte + 4}`)
    expect(asked).toContain(`bytes=${6 * mebibyte + 5}-${8 * mebibyte + 4}`)
  })

  it('an object that is replaced while it is read fails, and is never mixed', async () => {
    await using setup = await behindProxy(server, { concurrency: 1 })
    await setup.store.put('a', bytes, {}, setup.context())
    const stream = await setup.store.get('a', undefined, setup.context())
    await setup.store.put('a', pseudoRandomBytes(3, bytes.length), {}, setup.context())
    await expect(readAll(stream)).rejects.toThrow('stack/a was replaced while it was read')
  })

  it('bytes that are damaged on the way are found by their digest', async () => {
    await using setup = await behindProxy(server)
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    const ctx = setup.context()
    const opening = { options: setup.options, stackRoot: '/', trees: treeTools }
    await using backend = await s3.open(opening, ctx)
    const stack = { name: 's', root: '/s', host: 'h' }
    const draft = { id, createdAt: new Date(0).toISOString(), stack }
    await using writer = await backend.begin(draft, ctx)
    const { stored } = await writer.putStream('service/db', () => wholeStream(bytes), ctx)
    const manifest = {
      format: 1,
      ...draft,
      status: 'complete',
      parts: [stored],
      warnings: [],
      tool: { name: 't', version: '1' },
    }
    await writer.commit(manifest as unknown as Parameters<typeof writer.commit>[0], ctx)
    setup.proxy.inject((request) =>
      request.path.includes('service.db') ? { type: 'damage-download', at: 5_000_000 } : undefined,
    )
    await using reader = await backend.reader(id, ctx)
    const refusal = await readAll(await reader.getStream('service/db', ctx)).catch((error: unknown) => error)
    expect(isAngeeError(refusal) ? refusal.code : refusal).toBe('SNAPSHOT_CORRUPT')
  })

  it.concurrent.each(passing)('a listing survives %j', async (fault) => {
    await using setup = await behindProxy(server, {}, patience(fault))
    await setup.store.put('a', Buffer.from('a'), {}, setup.context())
    setup.proxy.inject(first(1, fault, isList))
    expect(await collect(setup.store.list('', setup.context()))).toEqual([{ key: 'a', bytes: 1 }])
  })

  it.concurrent.each(lasting)('a listing under lasting %j throws %s', async (fault, code) => {
    await using setup = await behindProxy(server, {}, patience(fault))
    setup.proxy.inject((request) => (isList(request) ? fault : undefined))
    const refusal = await collect(setup.store.list('', setup.context())).catch((error: unknown) => error)
    expect(isAngeeError(refusal) ? refusal.code : refusal).toBe(code)
  })

  it('a second page that fails throws, and so does one that was given before', async () => {
    await using setup = await behindProxy(server)
    const keys = Array.from({ length: 1001 }, (_, index) => `k-${String(index).padStart(4, '0')}`)
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(
        keys.slice(start, start + 50).map((key) => setup.store.put(key, Buffer.of(), {}, setup.context())),
      )
    }
    expect((await collect(setup.store.list('', setup.context()))).map(({ key }) => key)).toEqual(keys)
    const [firstPage] = setup.proxy.requests.filter(isList)
    const isSecond = (request: ProxiedRequest) => isList(request) && request.path.includes('continuation-token')

    setup.proxy.inject((request) => (isSecond(request) ? { type: 'answer', status: 500 } : undefined))
    await expect(collect(setup.store.list('', setup.context()))).rejects.toThrow('HTTP 500')
    setup.proxy.inject((request) => (isSecond(request) ? { type: 'stale', path: firstPage?.path ?? '' } : undefined))
    await expect(collect(setup.store.list('', setup.context()))).rejects.toThrow('k-0000 comes after k-0999')
  })

  it('a listing of other objects than were asked for throws', async () => {
    await using setup = await behindProxy(server)
    for (const key of ['a/1', 'b/1']) await setup.store.put(key, Buffer.of(), {}, setup.context())
    await collect(setup.store.list('a/', setup.context()))
    const path = setup.proxy.requests.findLast(isList)?.path ?? ''
    setup.proxy.inject(() => ({ type: 'stale', path }))
    await expect(collect(setup.store.list('b/', setup.context()))).rejects.toThrow('does not begin with stack/b/')
  })
})
