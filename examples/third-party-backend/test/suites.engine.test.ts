import { spawnSync } from 'node:child_process'
import { mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import type { PartId } from '@angee/core'
import { backendSuite, type Damage, descriptorSuite, engineSuite, objectStoreSuite, testContext } from '@angee/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import webdav from '../src/index.ts'
import { webdavObjectStore } from '../src/store.ts'
import { serveWebdav, type WebdavServer } from './rclone.ts'

engineSuite('WebDAV', ['tools'], () => {
  let server: WebdavServer
  let count = 0
  beforeAll(async () => {
    server = await serveWebdav('--user', 'me', '--pass', 'correct horse')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** A collection of its own for each case. It does not exist yet. */
  const emptyPlace = () => {
    count += 1
    const options = { url: `${server.url}/case-${count}`, username: 'me', password: 'correct horse' }
    return { options, directory: join(server.directory, `case-${count}`) }
  }

  objectStoreSuite(
    { describe, it: it.concurrent },
    {
      name: 'webdav',
      async open() {
        const { options, directory } = emptyPlace()
        const stores = [webdavObjectStore(options)]
        return {
          store: stores[0] as (typeof stores)[number],
          reopen: async () => {
            const store = webdavObjectStore(options)
            stores.push(store)
            return store
          },
          async [Symbol.asyncDispose]() {
            for (const store of stores) await store[Symbol.asyncDispose]()
            await rm(directory, { recursive: true, force: true })
          },
        }
      },
    },
  )

  descriptorSuite(
    { describe, it: it.concurrent },
    {
      name: 'webdav',
      descriptor: webdav,
      trees: treeTools,
      async open() {
        const { options, directory } = emptyPlace()
        return {
          options,
          [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
        }
      },
    },
  )

  backendSuite(
    { describe, it: it.concurrent },
    {
      name: 'webdav',
      trees: treeTools,
      async open({ directory: stackRoot, trees }) {
        const { options, directory } = emptyPlace()
        const reopen = () => webdav.open({ options, stackRoot, trees }, testContext())
        return {
          backend: await reopen(),
          reopen,
          leaveGarbage: (id) => leaveGarbage(directory, id),
          damage: (id, what, how) => damage(join(directory, 'snapshots', id, fileOf(what)), how),
          async [Symbol.asyncDispose]() {
            await rm(directory, { recursive: true, force: true })
          },
        }
      },
    },
  )
})

function fileOf(what: PartId | 'manifest'): string {
  if (what === 'manifest') return 'manifest.json'
  const [group, name] = what.split('/')
  return `parts/${group}.${name}${group === 'persist' ? '.tar.zst' : '.zst'}`
}

/** On the server's own disk, so that the backend knows nothing of it. */
async function damage(path: string, how: Damage): Promise<void> {
  if (how === 'remove') return rm(path)
  const bytes = await readFile(path)
  if (how === 'cut') return truncate(path, bytes.length - 1)
  const middle = bytes.length >> 1
  await using file = await open(path, 'r+')
  await file.write(Buffer.of((bytes[middle] ?? 0) ^ 1), 0, 1, middle)
}

/** What a process of this machine leaves that was killed while it stored its second part. */
async function leaveGarbage(directory: string, id: string): Promise<void> {
  const { pid } = spawnSync(process.execPath, ['--eval', ''])
  const mark = { host: hostname(), pid, since: new Date().toISOString() }
  await mkdir(join(directory, 'snapshots', id, 'parts'), { recursive: true })
  await mkdir(join(directory, 'incoming~'), { recursive: true })
  await writeFile(join(directory, 'snapshots', id, 'writing.json'), JSON.stringify(mark))
  await writeFile(join(directory, 'snapshots', id, 'parts/service.first.zst'), 'whole')
  await writeFile(join(directory, 'incoming~', `${Date.now()}~${hostname()}~${pid}~earlier~second`), 'half')
}
