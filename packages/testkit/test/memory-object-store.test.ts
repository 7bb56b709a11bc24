import { describe, it } from 'vitest'
import { memoryObjectStore, objectStoreSuite } from '../src/index.ts'

objectStoreSuite(
  { describe, it },
  {
    name: 'memory',
    async open() {
      const objects = new Map<string, Uint8Array>()
      return {
        store: memoryObjectStore({ objects }),
        reopen: async () => memoryObjectStore({ objects }),
        async [Symbol.asyncDispose]() {},
      }
    },
  },
)
