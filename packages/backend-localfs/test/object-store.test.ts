import { objectStoreSuite } from '@angee/testkit'
import { describe, it } from 'vitest'
import { localfsObjectStore } from '../src/store/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

objectStoreSuite(
  { describe, it },
  {
    name: 'localfs',
    async open() {
      const directory = await temporaryDirectory()
      return {
        store: localfsObjectStore(`${directory.path}/made/by/put`, { keepOutOfGit: true }),
        reopen: async () => localfsObjectStore(`${directory.path}/made/by/put`),
        [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
      }
    },
  },
)
