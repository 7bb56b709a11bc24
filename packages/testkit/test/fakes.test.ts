import { describe, expect, it } from 'vitest'
import {
  cutStream,
  erroringStream,
  fakeClock,
  memoryObjectStore,
  pseudoRandomBytes,
  readAll,
  shortChunks,
  slowStream,
  testContext,
} from '../src/index.ts'

describe('faulty streams', () => {
  const bytes = pseudoRandomBytes(1, 200_000)

  it('makes the same bytes from the same seed, and others from another', () => {
    expect(pseudoRandomBytes(7, 1001)).toEqual(pseudoRandomBytes(7, 1001))
    expect(pseudoRandomBytes(7, 1001)).not.toEqual(pseudoRandomBytes(8, 1001))
    expect(pseudoRandomBytes(7, 6).toString('hex')).toBe('fea6105139c7')
  })

  it('delivers all that was promised before it breaks', async () => {
    for (const stream of [cutStream(bytes, 150_001), erroringStream(bytes, 150_001, new Error('broken'))]) {
      let delivered = 0
      const reading = async () => {
        for await (const chunk of stream) delivered += chunk.length
      }
      await expect(reading()).rejects.toThrow(/broken|Premature close/)
      expect(delivered).toBe(150_001)
    }
  })

  it('delivers short and slow streams whole', async () => {
    expect((await readAll(shortChunks(bytes.subarray(0, 500)))).equals(bytes.subarray(0, 500))).toBe(true)
    expect((await readAll(slowStream(bytes, 100_000, 1))).equals(bytes)).toBe(true)
  })
})

describe('fakeClock', () => {
  it('stands still, and wakes sleepers in the order of their time', async () => {
    const clock = fakeClock(1000)
    const woken: string[] = []
    const sleeps = [
      clock.sleep(200).then(() => woken.push('second')),
      clock.sleep(100).then(() => woken.push('first')),
      clock.sleep(999).then(() => woken.push('third')),
    ]
    clock.advance(250)
    await Promise.all(sleeps.slice(0, 2))
    expect(woken).toEqual(['first', 'second'])
    expect([clock.now(), clock.sleepers]).toEqual([1250, 1])
  })

  it('rejects a sleeper with the reason of its signal', async () => {
    const clock = fakeClock()
    const stopping = new AbortController()
    const sleeping = clock.sleep(100, stopping.signal)
    stopping.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
    expect(clock.sleepers).toBe(0)
  })
})

describe('testContext', () => {
  it('remembers progress and log lines', () => {
    const ctx = testContext()
    ctx.onProgress({ type: 'note', message: 'hello' })
    ctx.logger.warn('careful', { path: 'a' })
    expect(ctx.progress).toEqual([{ type: 'note', message: 'hello' }])
    expect(ctx.logs).toEqual([{ level: 'warn', message: 'careful', fields: { path: 'a' } }])
  })

  it('repeats its random bytes from a seed, and not within a run', () => {
    const draw = (ctx: ReturnType<typeof testContext>) => Buffer.from(ctx.random(new Uint8Array(16))).toString('hex')
    const ctx = testContext({ seed: 3 })
    const first = draw(ctx)
    expect(draw(testContext({ seed: 3 }))).toBe(first)
    expect(draw(ctx)).not.toBe(first)
  })
})

describe('memoryObjectStore, broken on purpose', () => {
  it('fails the call it is told to', async () => {
    const store = memoryObjectStore({
      before({ method, count }) {
        if (method === 'put' && count === 2) throw new Error('second put')
      },
    })
    await store.put('a', Buffer.from('a'), {}, testContext())
    await expect(store.put('b', Buffer.from('b'), {}, testContext())).rejects.toThrow('second put')
    expect([...store.objects.keys()]).toEqual(['a'])
  })

  it('keeps less than it was given', async () => {
    const store = memoryObjectStore({ keep: (_key, bytes) => bytes.subarray(0, 1) })
    await store.put('a', Buffer.from('abc'), {}, testContext())
    expect(await store.head('a', testContext())).toEqual({ bytes: 1 })
  })

  it('breaks a listing off', async () => {
    const store = memoryObjectStore({
      beforeListed(_key, yielded) {
        if (yielded === 1) throw new Error('connection lost')
      },
    })
    for (const key of ['a', 'b']) await store.put(key, Buffer.from(key), {}, testContext())
    const seen: string[] = []
    const listing = async () => {
      for await (const { key } of store.list('', testContext())) seen.push(key)
    }
    await expect(listing()).rejects.toThrow('connection lost')
    expect(seen).toEqual(['a'])
  })
})
