import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { treeTools } from '@angee/archive'
import { backendSuite, objectStoreSuite, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import descriptor from './descriptor.ts'
import { sqliteObjectStore } from './sqlite-store.ts'

objectStoreSuite(
  { describe, it },
  {
    name: 'the example of docs/writing-a-backend.md',
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'angee-example-'))
      const file = join(directory, 'objects.db')
      const store = sqliteObjectStore(new DatabaseSync(file), file)
      return {
        store,
        reopen: async () => sqliteObjectStore(new DatabaseSync(file), file),
        async [Symbol.asyncDispose]() {
          await store[Symbol.asyncDispose]()
          await rm(directory, { recursive: true })
        },
      }
    },
  },
)

backendSuite(
  { describe, it },
  {
    name: 'the example of docs/writing-a-backend.md',
    trees: treeTools,
    async open({ directory, trees }) {
      const open = () =>
        descriptor.open({ options: { file: 'backups.db' }, stackRoot: directory, trees }, testContext())
      return { backend: await open(), reopen: open, async [Symbol.asyncDispose]() {} }
    },
  },
)

describe('docs/writing-a-backend.md', () => {
  const page = readFile(new URL('../../../../docs/writing-a-backend.md', import.meta.url), 'utf8')

  for (const file of ['sqlite-store.ts', 'descriptor.ts']) {
    it(`shows ${file} as it is tested`, async () => {
      const source = await readFile(new URL(file, import.meta.url), 'utf8')
      expect(await page).toContain(`\`\`\`ts\n${source}\`\`\``)
    })
  }
})
