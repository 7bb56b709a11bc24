import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RuntimeFixture, runtimeSuite, shellCommand } from '@angee/testkit'
import { describe, it } from 'vitest'
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
  runtimeSuite({ describe, it }, { name, open: () => openFixture(program) })
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

/** A zombie has no words. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line !== '')
}
