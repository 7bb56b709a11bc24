import { archiveBackend } from '@angee/archive'
import { memoryObjectStore, testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import { lockHolder, restoreSnapshot } from '../src/index.ts'
import { id, store } from './support/snapshot.ts'
import { stackWith } from './support/stack.ts'

it('a restore has the lock of the stack until it is done', async () => {
  const backend = archiveBackend('archive', memoryObjectStore())
  await using stack = await stackWith({ default: backend }, 'persist: { files: { subpath: ./data } }\n')
  await store(backend)
  const holders: unknown[] = []
  const look = (): void => void holders.push(lockHolder(stack.place.stateDirectory)?.operation)
  const ctx = { ...testContext(), onProgress: look }
  await restoreSnapshot(stack, { snapshot: id, only: ['persist/files'], agree: look }, {}, ctx)
  expect(holders.length).toBeGreaterThan(3)
  expect(new Set(holders)).toEqual(new Set(['restore']))
  expect(lockHolder(stack.place.stateDirectory)).toBeUndefined()
})
