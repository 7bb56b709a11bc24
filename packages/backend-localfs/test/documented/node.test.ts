import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { treeTools } from '@angee/archive'
import { backendSuite, descriptorSuite, objectStoreSuite, testContext } from '@angee/testkit'
import { describe, it } from 'node:test'
import descriptor from './descriptor.ts'
import { sqliteObjectStore } from './sqlite-store.ts'

objectStoreSuite(
  { describe, it },
  {
    name: 'sqlite',
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'sqlite-store-'))
      const file = join(directory, 'objects.db')
      const open = () => sqliteObjectStore(new DatabaseSync(file), file)
      const store = open()
      return {
        store,
        reopen: async () => open(), // as another process would open it
        async [Symbol.asyncDispose]() {
          await store[Symbol.asyncDispose]()
          await rm(directory, { recursive: true })
        },
      }
    },
  },
)

descriptorSuite(
  { describe, it },
  {
    name: 'sqlite',
    descriptor,
    trees: treeTools,
    open: async () => ({ options: { file: 'backups.db' }, async [Symbol.asyncDispose]() {} }),
  },
)

backendSuite(
  { describe, it },
  {
    name: 'sqlite',
    trees: treeTools,
    async open({ directory, trees }) {
      const open = () =>
        descriptor.open({ options: { file: 'backups.db' }, stackRoot: directory, trees }, testContext())
      return { backend: await open(), reopen: open, async [Symbol.asyncDispose]() {} }
    },
  },
)
