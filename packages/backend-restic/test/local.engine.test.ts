import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import type { BackendDescriptor } from '@angee/core'
import { backendSuite, descriptorSuite, engineSuite, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import restic from '../src/index.ts'
import { damagePart } from './support/damage.ts'
import { killWriter } from './support/killed-writer.ts'
import { emptyRepository, password, program, programOfCheapKeys } from './support/repository.ts'

engineSuite('restic in a directory', ['restic'], () => {
  descriptorSuite(
    { describe, it: it.concurrent },
    {
      name: 'restic',
      descriptor: restic as BackendDescriptor,
      trees: treeTools,
      async open(stackRoot) {
        emptyRepository(join(stackRoot, 'backups'))
        const options = { repository: './backups', password, program: programOfCheapKeys() }
        return { options, async [Symbol.asyncDispose]() {} }
      },
    },
  )

  it('has no place for a scratch where restic could not remove it', () => {
    const options = { repository: 'rest:https://host:8000/stack', password, program }
    expect(restic.scratch?.({ options, stackRoot: '/srv', trees: treeTools }, 'any')).toBeUndefined()
  })

  backendSuite(
    // Most of the time restic waits for its own lock to be seen by others.
    { describe, it: it.concurrent },
    {
      name: 'restic',
      trees: treeTools,
      async open({ directory, trees }) {
        const repository = join(directory, 'backups')
        emptyRepository(repository)
        const options = { repository: './backups', password, program }
        const open = () => restic.open({ options, stackRoot: directory, trees }, testContext())
        return {
          backend: await open(),
          reopen: open,
          damage: async (id, what, how) => damagePart(repository, id, what, how),
          leaveGarbage: (id) => killWriter(directory, repository, id),
          async [Symbol.asyncDispose]() {},
        }
      },
    },
  )
})
