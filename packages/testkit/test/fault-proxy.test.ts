import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { type Fault, faultProxy, pseudoRandomBytes } from '../src/index.ts'

const bytes = pseudoRandomBytes(1, 300_000)

/** A server that keeps what is put and gives it back, behind a proxy whose requests all have that fault. */
async function behind(fault?: Fault) {
  const received: { headers: IncomingMessage['headers']; body: Buffer; whole: boolean }[] = []
  let stored: Buffer = bytes
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    await finished(request).catch(() => undefined)
    received.push({ headers: request.headers, body: Buffer.concat(chunks), whole: request.complete })
    if (request.method === 'PUT') stored = Buffer.concat(chunks)
    response.end(request.method === 'GET' ? stored : 'stored')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await faultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => fault)
  return {
    proxy,
    received,
    put: (body: Uint8Array<ArrayBuffer>) => fetch(`${proxy.url}/a?b=c`, { method: 'PUT', body }),
    get: async () => Buffer.from(await (await fetch(`${proxy.url}/a`)).arrayBuffer()),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** In how many bits two buffers of one length differ, and in which byte the last one. */
function difference(one: Buffer, other: Buffer): number[] {
  return [...one.keys()].filter((index) => one[index] !== other[index])
}

describe('the fault proxy', () => {
  it('passes requests and answers on as they are, and remembers them', async () => {
    await using setup = await behind()
    expect(await (await setup.put(bytes)).text()).toBe('stored')
    expect(bytes.equals(await setup.get())).toBe(true)
    expect(setup.received[0]?.body.equals(bytes)).toBe(true)
    expect(setup.received[0]?.headers.host).toBe(setup.proxy.url.slice('http://'.length))
    expect(setup.proxy.requests).toMatchObject([
      { method: 'PUT', path: '/a?b=c', count: 1, headers: { 'content-length': String(bytes.length) } },
      { method: 'GET', path: '/a', count: 2 },
    ])
  })

  it('answers in place of the target', async () => {
    await using setup = await behind({ type: 'answer', status: 503, body: 'no', headers: { 'retry-after': '1' } })
    const answer = await setup.put(bytes)
    expect([answer.status, await answer.text(), answer.headers.get('retry-after')]).toEqual([503, 'no', '1'])
    expect(setup.received).toEqual([])
  })

  it('hangs before the answer, and within its body', async () => {
    await using setup = await behind({ type: 'hang' })
    const waiting = fetch(setup.proxy.url).then(
      () => 'answered',
      () => 'broken off',
    )
    await expect.poll(() => setup.proxy.requests.length).toBe(1)
    expect(setup.received).toEqual([])

    setup.proxy.inject(() => ({ type: 'hang', after: 1000 }))
    const body = (await fetch(setup.proxy.url)).body?.getReader()
    expect((await body?.read())?.value?.length).toBe(1000)
    const more = body?.read().then(
      () => 'more',
      () => 'broken off',
    )
    await setup.proxy[Symbol.asyncDispose]()
    expect([await waiting, await more]).toEqual(['broken off', 'broken off'])
  })

  it('cuts an upload', async () => {
    await using setup = await behind({ type: 'cut-upload', after: 70_000 })
    await expect(setup.put(bytes)).rejects.toThrow()
    await expect.poll(() => setup.received.length).toBe(1)
    expect(setup.received[0]?.whole).toBe(false)
    expect(setup.received[0]?.body.equals(bytes.subarray(0, 70_000))).toBe(true)
  })

  it('cuts a download after exactly so many bytes', async () => {
    await using setup = await behind({ type: 'cut-download', after: 70_000 })
    const { hostname, port } = new URL(setup.proxy.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
    const answer = await buffer(socket)
    const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
    expect(String(answer.subarray(0, 15))).toBe('HTTP/1.1 200 OK')
    expect(body.equals(bytes.subarray(0, 70_000))).toBe(true)
    await expect(setup.get()).rejects.toThrow()
  })

  it('loses the answer of what was done', async () => {
    await using setup = await behind({ type: 'lose-answer' })
    await expect(setup.put(pseudoRandomBytes(2, 100))).rejects.toThrow()
    setup.proxy.inject(() => undefined)
    expect(pseudoRandomBytes(2, 100).equals(await setup.get())).toBe(true)
  })

  it('flips one bit on the way up or down', async () => {
    await using setup = await behind({ type: 'damage-upload', at: 200_000 })
    await setup.put(bytes)
    expect(difference(bytes, setup.received[0]?.body ?? Buffer.of())).toEqual([200_000])
    setup.proxy.inject(() => ({ type: 'damage-download', at: 3 }))
    expect(difference(bytes, await setup.get())).toEqual([3, 200_000])
  })

  it('gives an earlier answer once more', async () => {
    await using setup = await behind()
    await setup.get()
    await setup.put(pseudoRandomBytes(2, 100))
    setup.proxy.inject(() => ({ type: 'stale' }))
    expect(bytes.equals(await setup.get())).toBe(true)
    setup.proxy.inject(() => ({ type: 'stale', path: '/never/asked' }))
    expect(pseudoRandomBytes(2, 100).equals(await setup.get())).toBe(true)
  })

  it('delays', async () => {
    await using setup = await behind({ type: 'slow', milliseconds: 50 })
    expect(bytes.equals(await setup.get())).toBe(true)
    expect(setup.received.length).toBe(1)
  })
})
