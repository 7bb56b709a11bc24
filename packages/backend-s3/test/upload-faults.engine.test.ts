import { isAngeeError } from '@angee/core'
import {
  cutStream,
  engineSuite,
  type Fault,
  type ProxiedRequest,
  pseudoRandomBytes,
  readAll,
  stalledStream,
  wholeStream,
} from '@angee/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BehindProxy, behindProxy, first } from './support/behind-proxy.ts'
import { type Server, startVersitygw } from './support/server.ts'

const small = pseudoRandomBytes(1, 100_000)
const large = pseudoRandomBytes(2, 20 * 1024 * 1024 + 13)
const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'

const isPut = ({ method, path }: ProxiedRequest) => method === 'PUT' && path.includes('/stack/a?')
const isPart = ({ method, path }: ProxiedRequest) => method === 'PUT' && path.includes('partNumber=2')
const isCreate = ({ method, path }: ProxiedRequest) => method === 'POST' && path.includes('uploads')
const isComplete = ({ method, path }: ProxiedRequest) => method === 'POST' && path.includes('uploadId')

const requests = [
  { name: 'the put of a small object', body: small, fits: isPut },
  { name: 'the beginning of an upload', body: large, fits: isCreate },
  { name: 'a part of an upload', body: large, fits: isPart },
  { name: 'the completion of an upload', body: large, fits: isComplete },
]

/** A completion is waited for fifteen times as long; the others have time even where the machine is busy. */
const patience = (fits: unknown) => (fits === isComplete ? 0.5 : 3)

const passing: [number, Fault][] = [
  [2, { type: 'answer', status: 500 }],
  [2, { type: 'answer', status: 503 }],
  [2, { type: 'answer', status: 429 }],
  [2, { type: 'slow', milliseconds: 300 }],
  [1, { type: 'hang' }],
  [1, { type: 'hang', after: 0 }],
  [2, { type: 'cut-upload', after: 100 }],
  [2, { type: 'cut-download', after: 0 }],
  [2, { type: 'lose-answer' }],
]

engineSuite('uploads through a network that fails', ['s3'], () => {
  let server: Server
  beforeAll(async () => {
    server = await startVersitygw()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  for (const { name, body, fits } of requests) {
    describe.concurrent(name, () => {
      it.each(passing)('survives %i times %j', async (times, fault) => {
        await using setup = await behindProxy(server, {}, fault.type === 'hang' ? patience(fits) : 10)
        for (const ifAbsent of [true, false]) {
          setup.proxy.inject(first(times, fault, fits))
          const put = await setup.store.put('a', wholeStream(body), { ifAbsent }, setup.context())
          expect(put).toEqual({ bytes: body.length })
          setup.proxy.inject(() => undefined)
          expect(body.equals(await contentOf(setup))).toBe(true)
        }
        await expectTidy(setup, ['stack/a'])
      })

      it.each([
        [{ type: 'answer', status: 500 }, 'BACKEND_FAILED'],
        [{ type: 'answer', status: 503 }, 'BACKEND_UNAVAILABLE'],
        [{ type: 'answer', status: 403, body: denied }, 'BACKEND_READ_ONLY'],
        [{ type: 'answer', status: 507 }, 'SPACE_INSUFFICIENT'],
        [{ type: 'hang' }, 'BACKEND_UNAVAILABLE'],
        [{ type: 'cut-upload', after: 10 }, 'BACKEND_UNAVAILABLE'],
      ] as [Fault, string][])('fails under lasting %j with %s, and leaves nothing', async (fault, code) => {
        await using setup = await behindProxy(server, {}, fault.type === 'hang' ? 0.3 : 10)
        for (const ifAbsent of [true, false]) {
          setup.proxy.inject((request) => (fits(request) ? fault : undefined))
          const refusal = await setup.store
            .put('a', wholeStream(body), { ifAbsent }, setup.context())
            .catch((error: unknown) => error)
          expect(isAngeeError(refusal) ? refusal.code : refusal).toBe(code)
          expect(isAngeeError(refusal) && refusal.hint).toBeTruthy()
        }
        await expectTidy(setup, [])
      })
    })
  }

  for (const checksums of ['when_supported', 'when_required']) {
    it.each([
      ['small object', small, isPut],
      ['part', large, isPart],
    ] as const)(`the server refuses a damaged %s, and is sent it again (${checksums})`, async (_, body, fits) => {
      await using setup = await behindProxy(server, { checksums })
      setup.proxy.inject(first(2, { type: 'damage-upload', at: 50_000 }, fits))
      await setup.store.put('a', wholeStream(body), {}, setup.context())
      expect(body.equals(await contentOf(setup))).toBe(true)
      expect(setup.proxy.requests.filter(fits)).toHaveLength(3)
    })
  }

  it('a refused permission is not asked for again', async () => {
    await using setup = await behindProxy(server)
    setup.proxy.inject((request) => (isPut(request) ? { type: 'answer', status: 403, body: denied } : undefined))
    await expect(setup.store.put('a', small, {}, setup.context())).rejects.toThrow('AccessDenied')
    expect(setup.proxy.requests.filter(isPut)).toHaveLength(1)
  })

  it('a body that breaks off in the middle of an upload aborts it', async () => {
    await using setup = await behindProxy(server)
    const put = setup.store.put('a', cutStream(large, large.length - 1), {}, setup.context())
    await expect(put).rejects.toThrow()
    expect(setup.proxy.requests.some(isCreate)).toBe(true)
    await expectTidy(setup, [])
  })

  it('a part that fails ends the put although the body stalls', async () => {
    await using setup = await behindProxy(server)
    setup.proxy.inject((request) => (isPart(request) ? { type: 'answer', status: 403, body: denied } : undefined))
    const put = setup.store.put('a', stalledStream(large, large.length), {}, setup.context())
    await expect(put).rejects.toThrow('AccessDenied')
    await expectTidy(setup, [])
  })

  for (const { name, body, fits } of requests) {
    it(`ends with the reason when it is cancelled while ${name} hangs, and aborts what it began`, async () => {
      await using setup = await behindProxy(server, {}, 3600)
      const reached = Promise.withResolvers<void>()
      setup.proxy.inject((request) => {
        if (!fits(request)) return undefined
        reached.resolve()
        return { type: 'hang' }
      })
      const stopping = new AbortController()
      const reason = new Error('the person pressed Ctrl-C')
      const put = setup.store.put('a', wholeStream(body), { ifAbsent: true }, setup.context(stopping.signal))
      const settled = expect(put).rejects.toBe(reason)
      await reached.promise
      stopping.abort(reason)
      await settled
      await expectTidy(setup, [])
    })
  }

  it('ends with the reason although the server hears nothing of it, and the rest is garbage', async () => {
    await using setup = await behindProxy(server, {}, 3600)
    const reached = Promise.withResolvers<void>()
    let deaf = false
    setup.proxy.inject((request) => {
      deaf ||= isPart(request)
      if (deaf) reached.resolve()
      return deaf ? { type: 'hang' } : undefined
    })
    const stopping = new AbortController()
    const body = stalledStream(large, large.length)
    const put = setup.store.put('a', body, {}, setup.context(stopping.signal))
    const settled = expect(put).rejects.toBe('stop')
    await reached.promise
    stopping.abort('stop')
    await settled
    expect(await setup.bucket.names()).toEqual([expect.stringMatching(/^stack\/\.angee~\/uploads\/[0-9a-f]{32}$/)])
    setup.proxy.inject(() => undefined)
    expect(await setup.store.collectGarbage?.(setup.context())).toMatchObject({ removed: 1 })
    await expectTidy(setup, [])
  })
})

async function contentOf({ store, context }: BehindProxy): Promise<Buffer> {
  return readAll(await store.get('a', undefined, context()))
}

/** Fails unless just these objects are in the bucket, and no part of an unfinished upload. */
async function expectTidy({ bucket }: BehindProxy, names: string[]): Promise<void> {
  expect(await bucket.names()).toEqual(names)
  expect(await bucket.uploads()).toEqual([])
}
