import assert from 'node:assert/strict'
import { isAngeeError } from '@angee/core'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { contentOf, keysOf, type OpenObjectStore } from './fixture.ts'

const hostileKeys = [
  '',
  '.',
  '..',
  '/',
  '/a',
  'a/',
  'a//b',
  './a',
  'a/.',
  '../a',
  'a/../b',
  'a/..',
  'a/../../b',
  'a b',
  'a\\b',
  '..\\a',
  'a\0b',
  'a\nb',
  'ä',
  'a~',
  'a:b',
  'a%2fb',
]

const unusualKeys = [
  '.hidden',
  '...',
  'a..b',
  '-rf',
  '--',
  'CON',
  'a.',
  '_',
  '0',
  `${'x'.repeat(200)}`,
  'a/b/c/d/e/f/g/h',
]

/** What is a key and what is refused as one. */
export function keyCases({ it }: SuiteApi, open: OpenObjectStore): void {
  it('refuses what is no key, in every call', async () => {
    await using fixture = await open()
    const { store } = fixture
    for (const key of hostileKeys) {
      for (const ifAbsent of [false, true]) {
        await refused(store.put(key, Buffer.from('hostile'), { ifAbsent }, testContext()), key)
      }
      await refused(contentOf(store, key), key)
      await refused(store.head(key, testContext()), key)
      await refused(store.delete(key, testContext()), key)
    }
    assert.deepEqual(await keysOf(store, ''), [])
  })

  it('stores under unusual keys', async () => {
    await using fixture = await open()
    for (const key of unusualKeys) await fixture.store.put(key, Buffer.from(key), {}, testContext())
    assert.deepEqual(await keysOf(fixture.store, ''), [...unusualKeys].sort())
    for (const key of unusualKeys) assert.equal(String(await contentOf(fixture.store, key)), key)
  })
}

async function refused(call: Promise<unknown>, key: string): Promise<void> {
  await assert.rejects(call, (error) => isAngeeError(error), `${JSON.stringify(key)} is not refused by an AngeeError`)
}
