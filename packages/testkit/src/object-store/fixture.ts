import assert from 'node:assert/strict'
import type { ObjectStore } from '@angee/archive'
import { type Context, type ErrorCode, isAngeeError } from '@angee/core'
import { testContext } from '../fakes/index.ts'
import { collect, readAll } from '../streams/index.ts'

/** A fresh, empty object store. Disposing it removes what the case left. */
export interface ObjectStoreFixture extends AsyncDisposable {
  readonly store: ObjectStore
  /** Another instance on the same storage, as another process would open it. The fixture disposes of it. */
  reopen(): Promise<ObjectStore>
}

/** Opens a fixture for one case. Cases never share one. */
export type OpenObjectStore = () => Promise<ObjectStoreFixture>

/** The bytes under `key`. */
export async function contentOf(store: ObjectStore, key: string, ctx: Context = testContext()): Promise<Buffer> {
  return readAll(await store.get(key, undefined, ctx))
}

/** The keys a listing yields, in its order. */
export async function keysOf(store: ObjectStore, prefix: string, ctx: Context = testContext()): Promise<string[]> {
  return (await collect(store.list(prefix, ctx))).map(({ key }) => key)
}

/** Puts each key with its own name as content, a few at once. */
export async function putKeys(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const ctx = testContext()
  const remaining = [...keys]
  const work = async () => {
    for (let key = remaining.pop(); key !== undefined; key = remaining.pop()) {
      await store.put(key, Buffer.from(key), {}, ctx)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
}

/** Fails unless nothing is visible under `key`, in whichever way one looks. */
export async function assertAbsent(store: ObjectStore, key: string): Promise<void> {
  const ctx = testContext()
  assert.equal(await store.head(key, ctx), undefined, `head sees ${key}`)
  assert.deepEqual(await keysOf(store, key), [], `list sees ${key}`)
  await assertCode(contentOf(store, key), 'OBJECT_NOT_FOUND')
}

/** Fails unless `promise` rejects with an AngeeError of that code. */
export async function assertCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isAngeeError(error), `expected an AngeeError ${code}, got ${String(error)}`)
    assert.equal(error.code, code)
    return true
  })
}

/** Fails unless `promise` rejects with exactly `reason`, the way an aborted call must. */
export async function assertRejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(error, reason)
    return true
  })
}
