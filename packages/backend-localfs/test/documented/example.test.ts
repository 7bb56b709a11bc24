import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { objectStoreSuite } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { sqliteObjectStore } from './sqlite-store.ts'

const repository = new URL('../../../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, repository), 'utf8')
const documented = (file: string) => read(`packages/backend-localfs/test/documented/${file}`)
const block = (language: string, text: string) => `\`\`\`${language}\n${text}\`\`\``

describe('docs/writing-a-backend.md', () => {
  it.each(['sqlite-store.ts', 'descriptor.ts'])('shows %s as it is tested', async (file) => {
    expect(await read('docs/writing-a-backend.md')).toContain(block('ts', await documented(file)))
  })

  it('shows the suite of backends as it is run', async () => {
    const source = await documented('suites.test.ts')
    const suite = source.slice(source.indexOf('backendSuite(\n'))
    expect(await read('docs/writing-a-backend.md')).toContain(block('ts', suite))
  })
})

describe('packages/testkit/README.md', () => {
  it('shows the test file as it is run', async () => {
    expect(await read('packages/testkit/README.md')).toContain(block('ts', await documented('suites.test.ts')))
  })

  it('shows the package.json of the example', async () => {
    const { private: _, ...manifest } = JSON.parse(await read('examples/third-party-backend/package.json'))
    const [, shown = ''] = /```json\n(.*?)```/s.exec(await read('packages/testkit/README.md')) ?? []
    expect(JSON.parse(shown)).toEqual(manifest)
  })

  it('names the cases that fail for the fault it shows', async () => {
    const failed: string[] = []
    const cases: [string, (test: { skip(): void }) => Promise<void>][] = []
    objectStoreSuite(
      { describe: (_, body) => body(), it: (name, body) => cases.push([name, body]) },
      {
        name: 'forgetful',
        async open() {
          const directory = await mkdtemp(join(tmpdir(), 'angee-example-'))
          const file = join(directory, 'objects.db')
          const store = sqliteObjectStore(new DatabaseSync(file), file)
          const forgetful = {
            ...store,
            put: ((key, body, _, ctx) => store.put(key, body, {}, ctx)) as typeof store.put,
          }
          return {
            store: forgetful,
            reopen: async () => forgetful,
            async [Symbol.asyncDispose]() {
              await store[Symbol.asyncDispose]()
              await rm(directory, { recursive: true })
            },
          }
        },
      },
    )
    for (const [name, body] of cases) await body({ skip: () => undefined }).catch(() => failed.push(name))
    const page = await read('packages/testkit/README.md')
    const shown = [...page.matchAll(/^ × (.*)$/gm)].map(([, name]) => name)
    expect(shown).toEqual(failed)
  })
})
