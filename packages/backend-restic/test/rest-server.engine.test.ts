import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { backendSuite, engineSuite, testContext } from '@angee/testkit'
import { describe, it } from 'vitest'
import restic from '../src/index.ts'
import { damagePart } from './support/damage.ts'
import { emptyRepository, password, program } from './support/repository.ts'
import { restServer } from './support/servers.ts'

const login = { user: 'angee', password: 'canary-of-the-url-31' }

engineSuite('restic on a rest-server', ['restic', 'rest-server'], () => {
  backendSuite(
    { describe, it: it.concurrent },
    {
      name: 'restic, rest:',
      trees: treeTools,
      async open({ directory, trees }) {
        const stored = join(directory, 'stored')
        emptyRepository(stored)
        const server = await restServer(stored, login)
        const url = server.url.replace('//', `//${login.user}:${login.password}@`)
        const environment = { RESTIC_CACHE_DIR: join(directory, 'cache') }
        const options = { repository: `rest:${url}/`, password, environment, program }
        const open = () => restic.open({ options, stackRoot: directory, trees }, testContext())
        return {
          backend: await open(),
          reopen: open,
          damage: async (id, what, how) => {
            damagePart(stored, id, what, how)
            // Else restic has a good copy of small files, and does not look.
            rmSync(environment.RESTIC_CACHE_DIR, { recursive: true, force: true })
          },
          [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
        }
      },
    },
  )
})
