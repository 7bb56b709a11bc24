import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import type { ObjectStore } from '@angee/archive'
import { describe, expect, it } from 'vitest'
import { type MemoryObjectStore, memoryObjectStore, objectStoreSuite } from '../src/index.ts'
import { runSuite } from './run-suite.ts'

type Breakage = (store: MemoryObjectStore) => Partial<ObjectStore>

/** Stores that break one rule each, and the case that has to notice. */
const broken: Record<string, { breaks: Breakage; caughtBy: RegExp }> = {
  'stores a byte less than it was given': {
    breaks: (store) => ({
      async put(key, body, options, ctx) {
        const { bytes } = await store.put(key, body, options, ctx)
        store.objects.set(key, store.objects.get(key)?.subarray(0, bytes - 1) ?? Buffer.of())
        return { bytes }
      },
    }),
    caughtBy: /gives back the bytes of a stream/,
  },
  'keeps what came of a body that failed': {
    breaks: (store) => ({
      put: async (key, body, options, ctx) => store.put(key, await untilItBreaks(body), options, ctx),
    }),
    caughtBy: /rejects when the body closes without an end after 1000 bytes/,
  },
  'wraps the error of the body': {
    breaks: (store) => ({
      put: (key, body, options, ctx) =>
        store.put(key, body, options, ctx).catch((cause: unknown) => Promise.reject(new Error('failed', { cause }))),
    }),
    caughtBy: /own error when it fails after 0 bytes/,
  },
  'shows an object before its body has ended': {
    breaks: (store) => ({
      put(key, body, options, ctx) {
        store.objects.set(key, Buffer.from('part'))
        return store.put(key, body, options, ctx)
      },
    }),
    caughtBy: /shows nothing after 1000 bytes/,
  },
  'takes ifAbsent for a wish': {
    breaks: (store) => ({ put: (key, body, _options, ctx) => store.put(key, body, {}, ctx) }),
    caughtBy: /ifAbsent refuses a key that exists/,
  },
  'looks for the key before it writes, and not again': {
    breaks: (store) => ({
      async put(key, body, options, ctx) {
        if (options.ifAbsent && store.objects.has(key)) return store.put(key, body, options, ctx)
        return store.put(key, body, {}, ctx)
      },
    }),
    caughtBy: /exactly one wins/,
  },
  'lists the first thousand': {
    breaks: (store) => ({
      async *list(prefix, ctx) {
        let count = 0
        for await (const object of store.list(prefix, ctx)) if (count++ < 1000) yield object
      },
    }),
    caughtBy: /more than a thousand/,
  },
  'lists in the order of storing': {
    breaks: (store) => ({
      async *list(prefix) {
        for (const [key, { length }] of store.objects) if (key.startsWith(prefix)) yield { key, bytes: length }
      },
    }),
    caughtBy: /ascending order/,
  },
  'takes a prefix for a directory': {
    breaks: (store) => ({
      async *list(prefix, ctx) {
        for await (const object of store.list('', ctx)) {
          if (prefix === '' || object.key.startsWith(prefix.replace(/\/?$/, '/'))) yield object
        }
      },
    }),
    caughtBy: /beginning of the key/,
  },
  'ends a cancelled listing as if it were whole': {
    breaks: (store) => ({
      async *list(prefix, ctx) {
        try {
          yield* store.list(prefix, ctx)
        } catch {}
      },
    }),
    caughtBy: /listing cancelled in the middle/,
  },
  'gives less than the range': {
    breaks: (store) => ({
      get: (key, range, ctx) =>
        store.get(key, range && { ...range, end: Math.min(range.end, store.objects.get(key)?.length ?? 0) }, ctx),
    }),
    caughtBy: /range beyond the end/,
  },
  'fails to delete what is not there': {
    breaks: (store) => ({
      async delete(key, ctx) {
        if (!store.objects.has(key)) throw new Error('not there')
        return store.delete(key, ctx)
      },
    }),
    caughtBy: /deleted already/,
  },
  'copies over what is there': {
    breaks: (store) => ({
      copy: async (from, to, ctx) => store.put(to, store.objects.get(from) ?? Buffer.of(), {}, ctx),
    }),
    caughtBy: /a copy refuses a key that exists/,
  },
  'moves what it should copy': {
    breaks: (store) => ({
      async copy(from, to, ctx) {
        const copied = await memoryObjectStore({ objects: store.objects }).copy?.(from, to, ctx)
        await store.delete(from, ctx)
        return copied ?? { bytes: 0 }
      },
    }),
    caughtBy: /a copy of 1 bytes is there for everyone/,
  },
  'takes any string for a key': {
    breaks: (store) => ({
      async put(key, body) {
        store.objects.set(key, body instanceof Uint8Array ? body : Buffer.of())
        return { bytes: 0 }
      },
    }),
    caughtBy: /refuses what is no key/,
  },
  'collects what is stored': {
    breaks: (store) => ({
      async collectGarbage() {
        const removed = store.objects.size
        store.objects.clear()
        return { removed, bytes: 0 }
      },
    }),
    caughtBy: /collectGarbage leaves stored objects alone/,
  },
}

describe('the object store suite', () => {
  for (const [name, { breaks, caughtBy }] of Object.entries(broken)) {
    it(`fails a store that ${name}`, async () => {
      const reports = await runSuite((api) => objectStoreSuite(api, { name, open: () => fixture(breaks) }), caughtBy)
      expect(reports.map(({ outcome }) => outcome)).toEqual(['failed'])
    })
  }

  it('fails a store that another instance does not see', async () => {
    const open = async () => ({ ...(await fixture(() => ({}))), reopen: async () => memoryObjectStore() })
    const reports = await runSuite((api) => objectStoreSuite(api, { name: 'forgetful', open }), /another instance/)
    expect(reports.map(({ outcome }) => outcome)).toEqual(['failed'])
  })

  it('skips by name what the store has no method for, and nothing else', async () => {
    const open = async () => {
      const { collectGarbage: _, ...store } = memoryObjectStore()
      return { store, reopen: async () => store, async [Symbol.asyncDispose]() {} }
    }
    const reports = await runSuite((api) => objectStoreSuite(api, { name: 'without', open }), /collectGarbage/)
    const skipped = reports.filter(({ outcome }) => outcome !== 'passed')
    expect(skipped.map(({ name, outcome }) => `${outcome}: ${name}`)).toEqual([
      'skipped: collectGarbage leaves stored objects alone',
      'skipped: collectGarbage leaves a put in progress alone, whoever calls it',
    ])
  })
})

async function fixture(breaks: Breakage) {
  const objects = new Map<string, Uint8Array>()
  const open = () => {
    const store = memoryObjectStore({ objects })
    return { ...store, ...breaks(store) }
  }
  return { store: open(), reopen: async () => open(), async [Symbol.asyncDispose]() {} }
}

async function untilItBreaks(body: Readable | Uint8Array): Promise<Uint8Array> {
  if (!(body instanceof Readable)) return body
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
  } catch {}
  return Buffer.concat(chunks)
}
