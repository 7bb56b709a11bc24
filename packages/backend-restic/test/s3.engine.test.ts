import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { backendSuite, engineSuite, testContext } from '@angee/testkit'
import { describe, it } from 'vitest'
import restic from '../src/index.ts'
import { emptyRepository, password, program } from './support/repository.ts'
import { s3Keys, s3Server } from './support/servers.ts'

/**
 * What the storage has a part in. What restic and this package do by themselves is the same everywhere, and runs in a
 * directory and on a rest-server.
 */
const chosen =
  /does not exist yet|from the commit on|4194305 bytes|entry by entry|parts of one snapshot at once|for every instance|quick check of a whole|cancelled after 9000000|aborted writer/

engineSuite('restic on S3', ['restic', 's3'], () => {
  const choosing: typeof it.concurrent = ((name: string, body: () => Promise<void>) =>
    chosen.test(name) ? it.concurrent(name, body) : undefined) as typeof it.concurrent
  backendSuite(
    { describe, it: choosing },
    {
      name: 'restic, s3:',
      trees: treeTools,
      async open({ directory, trees }) {
        const stored = join(directory, 'stored')
        emptyRepository(join(stored, 'bucket/stack'))
        const server = await s3Server(stored)
        const environment = { ...s3Keys, RESTIC_CACHE_DIR: join(directory, 'cache') }
        const options = { repository: `s3:${server.url}/bucket/stack`, password, environment, program }
        const open = () => restic.open({ options, stackRoot: directory, trees }, testContext())
        return { backend: await open(), reopen: open, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
      },
    },
  )
})
