import { tmpdir } from 'node:os'
import { type EmptyStack, type RuntimeFixture, runtimeSuite, shellCommand } from '@angee/testkit'
import { describe, it } from 'vitest'
import { processTable } from '../src/processes/table.ts'
import { commandLines, compiledStack, killedDuring, local } from './compiled-stack.ts'
import { type ServerProgram, startStack } from './stack.ts'

const file = `
processes:
  long: { command: sleep 100000, working_dir: ROOT }
  checked:
    command: sleep 100000
    disabled: true
    readiness_probe: { exec: { command: 'true' }, initial_delay_seconds: 1, period_seconds: 1 }
  failing: { command: exit 3, disabled: true }
`

/** Runs the runtime contract with a server of its own for each case. Some cases take on another user: run as root. */
export function contractSuite(name: string, program: ServerProgram): void {
  runtimeSuite({ describe, it }, { name, open: () => openFixture(program), openEmpty: () => openEmpty(program) })
}

async function openFixture(program: ServerProgram): Promise<RuntimeFixture> {
  const stack = await startStack({ program, file, services: ['long', 'checked', 'failing'] })
  return {
    runtime: stack.runtime,
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
