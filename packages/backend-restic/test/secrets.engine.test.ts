import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { treeTools } from '@angee/archive'
import { parseOptions } from '@angee/core'
import { buildTree, engineSuite, pseudoRandomBytes, testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import restic from '../src/index.ts'
import { emptyRepository, password, program } from './support/repository.ts'
import { restServer } from './support/servers.ts'
import { idOf, restore, streamOf, take } from './support/snapshots.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const login = { user: 'angee', password: 'canary-of-the-url-77' }
const key = 'canary-key-4411'
const canaries = [password, login.password, key]

/** Everything that any process of this machine was started with, from now on until it is disposed of. */
function argumentsOfAll(): { seen: Set<string>; stop(): Promise<void> } {
  const seen = new Set<string>()
  let watching = true
  const watched = (async () => {
    while (watching) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        } catch {
          // It is gone.
        }
      }
      await setTimeout(5)
    }
  })()
  return {
    seen,
    stop: async () => {
      watching = false
      await watched
    },
  }
}

engineSuite('secrets of a restic repository', ['restic', 'rest-server'], () => {
  it('are in no argument, log, progress, error, location or manifest', async () => {
    await using directory = await temporaryDirectory()
    const stored = join(directory.path, 'stored')
    emptyRepository(stored)
    await using server = await restServer(stored, login)
    const watch = argumentsOfAll()
    const url = server.url.replace('//', `//${login.user}:${login.password}@`)
    const given = { repository: `rest:${url}/`, password, program, environment: { B2_ACCOUNT_KEY: key } }
    const options = parseOptions(restic.options, given, 'backup_backend')
    const ctx = testContext()
    const opening = { options, stackRoot: directory.path, trees: treeTools }
    const backend = await restic.open(opening, ctx)
    const data = join(directory.path, 'data')
    await buildTree(data, { file: pseudoRandomBytes(41, 500_000) })
    const contents = { 'service/db': Buffer.from('a dump'), 'persist/data': treeTools.source(data, []) }
    await backend.preflight(ctx)
    const manifest = await take(backend, idOf(1), contents, ctx)
    await streamOf(backend, idOf(1), 'service/db')
    const into = join(directory.path, 'into')
    await buildTree(into, {})
    await restore(backend, idOf(1), 'persist/data', into, ctx).catch(() => undefined)
    await backend.check?.(idOf(1), 'full', ctx)
    await backend.delete(idOf(1), ctx)
    await backend.collectGarbage?.(ctx)

    const errors: unknown[] = []
    const elsewhere = [
      { ...options, repository: `rest:${url.replace(login.password, 'wrong-canary-8')}/` },
      { ...options, repository: `rest:${url.replace(/:\d+$/, ':9')}/` },
      { ...options, repository: `s3:${url}/none` },
      { ...options, password: 'wrong-canary-9' },
    ]
    for (const wrong of elsewhere) {
      const other = await restic.open({ ...opening, options: wrong }, ctx)
      await other.preflight(ctx).catch((error: unknown) => errors.push(error))
    }
    await watch.stop()

    expect(errors).toHaveLength(elsewhere.length)
    expect([...watch.seen].some((words) => words.includes('--stdin-filename'))).toBe(true)
    const shown = [
      ...watch.seen,
      backend.location,
      JSON.stringify(manifest),
      JSON.stringify(ctx.logs),
      JSON.stringify(ctx.progress),
      ...errors.map((error) =>
        JSON.stringify({ ...(error as Error), message: (error as Error).message, stack: (error as Error).stack }),
      ),
    ].join('\n')
    for (const canary of [...canaries, 'wrong-canary-8', 'wrong-canary-9']) expect(shown).not.toContain(canary)
    expect(backend.location).toBe(`rest:${server.url}/`)
  })
})
