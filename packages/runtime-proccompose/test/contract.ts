import { tmpdir } from 'node:os'
import { type EmptyStack, type RuntimeFixture, runtimeSuite, shellCommand, testContext } from '@angee/testkit'
import { describe, it } from 'vitest'
import { processTable } from '../src/processes/table.ts'
import { commandLines, compiledStack, killedDuring, local } from './compiled-stack.ts'
import type { ServerProgram } from './stack.ts'

/** Runs the runtime contract with a server of its own for each case. Some cases take on another user: run as root. */
export function contractSuite(name: string, program: ServerProgram): void {
  runtimeSuite({ describe, it }, { name, open: () => openFixture(program), openEmpty: () => openEmpty(program) })
}

async function openFixture(program: ServerProgram): Promise<RuntimeFixture> {
  await using undone = new AsyncDisposableStack()
  const stack = undone.use(await compiledStack(program))
  const services = [
    local('service', 'long', 'exec sleep 100000'),
    local('service', 'checked', 'exec sleep 100000', {
      ready: { cmd: ['true'], interval: 1000, timeout: 5000, retries: 10, startPeriod: 0 },
    }),
    local('service', 'failing', 'exit 3'),
  ]
  const definition = stack.definition(services)
  await stack.open().prepare(definition, testContext())
  await stack.open().up(['long'], definition, testContext())
  undone.move()
  return {
    // Not the one that has prepared it: whoever looks after a stack later has files to go by, and nothing else.
    runtime: stack.open(),
    service: 'long',
    checked: 'checked',
    failing: 'failing',
    user: 'nobody',
    workdir: '/',
    command: shellCommand,
    processes: async () => commandLines(),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  }
}

async function openEmpty(program: ServerProgram): Promise<EmptyStack> {
  const stack = await compiledStack(program)
  return {
    open: async () => stack.open(),
    definition: stack.definition([]),
    workload: (kind, name, behaviour) => local(kind, name, shellCommand(behaviour)),
    async instance(service) {
      const pid = await stack.pidOf(service)
      return `${pid} ${(await processTable()).get(pid)?.started}`
    },
    remains: async () => stack.remains(),
    processes: async () => commandLines(),
    workdir: tmpdir(),
    byHand: {
      file: 'process-compose.yaml',
      text: 'processes: { mine: { command: sleep 100000 }, seed: { command: exit 3, disabled: true } }\n',
    },
    killDuringJob: (job, definition) => killedDuring({ job }, definition, program),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  }
}
