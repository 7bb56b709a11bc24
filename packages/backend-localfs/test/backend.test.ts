import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { backendSuite, testContext } from '@angee/testkit'
import { describe, it } from 'vitest'
import localfs from '../src/index.ts'
import { damage, fileOf, killWriter } from './damage.ts'

backendSuite(
  { describe, it },
  {
    name: 'localfs',
    trees: treeTools,
    async open({ directory, trees }) {
      const open = () => localfs.open({ options: { path: './backups' }, stackRoot: directory, trees }, testContext())
      const backups = join(directory, 'backups')
      return {
        backend: await open(),
        reopen: open,
        damage: (id, what, how) => damage(join(backups, 'snapshots', id, fileOf(what)), how),
        leaveGarbage: (id) => killWriter(directory, id),
        async [Symbol.asyncDispose]() {},
      }
    },
  },
)
