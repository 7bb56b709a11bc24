import { engineSuite, type RuntimeFixture, runtimeSuite, shellCommand } from '@angee/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { emptyStack } from './empty-stack.ts'
import { makeStack, type TestStack } from './stack.ts'

const file = `
services:
  app:
    image: IMAGE
    command: sleep infinity
    init: true
  checked:
    image: IMAGE
    command: sleep infinity
    init: true
    depends_on: [app]
    healthcheck: { test: ["CMD", "true"], interval: 1s, start_period: 1s }
  failing:
    image: IMAGE
    command: sh -c 'echo the last line of the log; exit 3'
`

engineSuite('the runtime contract on Docker Compose', ['docker', 'base-image'], () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack(file)
  })
  afterAll(() => stack[Symbol.asyncDispose]())

  runtimeSuite({ describe, it }, { name: 'compose', open: () => openFixture(stack), openEmpty: () => emptyStack() })
})

/** The same stack for every case, brought back to what the fixture promises. */
async function openFixture({ compose, runtime }: TestStack): Promise<RuntimeFixture> {
  await compose('rm', '--stop', '--force', 'checked', 'failing')
  const state = await compose('ps', '--all', '--format', '{{.State}}', 'app')
  if (state.trim() === 'paused') await compose('unpause', 'app')
  if (state.trim() !== 'running') await compose('up', '--detach', '--timeout', '0', 'app')
  return {
    runtime,
    service: 'app',
    checked: 'checked',
    failing: 'failing',
    user: 'nobody',
    workdir: '/var/tmp',
    command: shellCommand,
    processes: async () => (await compose('exec', '-T', 'app', 'ps', '-eo', 'stat,args')).split('\n').filter(alive),
    async [Symbol.asyncDispose]() {},
  }
}

function alive(line: string): boolean {
  return !line.startsWith('Z')
}
