import { objectStoreSuite } from '@angee/testkit'
import { describe, it, vi } from 'vitest'
import { localfsObjectStore } from '../src/store/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** What exFAT and FAT answer. */
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: () => Promise.reject(Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })),
}))

objectStoreSuite(
  { describe, it },
  {
    name: 'localfs on a file system without hard links',
    async open() {
      const directory = await temporaryDirectory()
      return {
        store: localfsObjectStore(directory.path),
        reopen: async () => localfsObjectStore(directory.path),
        [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
      }
    },
  },
)
