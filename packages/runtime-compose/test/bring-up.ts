import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Runtime, StackDefinition, Workload } from '@angee/core'
import { type EmptyStack, testContext } from '@angee/testkit'
import { service, stack } from './definition.ts'
import { image } from './stack.ts'

const run = promisify(execFile)

/** A service that runs until it is stopped. */
export function sleeping(name: string, more: Partial<Workload> = {}): Workload {
  return service(name, { image, command: ['sleep', 'infinity'], ...more, engine: { init: true, ...more.engine } })
}

/** The definition of an empty stack with these workloads. */
export function of({ definition }: EmptyStack, workloads: readonly Workload[], more: Partial<StackDefinition> = {}) {
  const { project, stackRoot } = definition
  return stack(workloads, { project, stackRoot, secrets: new Map(), ...more })
}

export async function bringUp(runtime: Runtime, definition: StackDefinition): Promise<string[]> {
  const names = definition.services.map(({ name }) => name)
  await runtime.prepare(definition, testContext())
  await runtime.up(names, definition, testContext())
  return names
}

/** `docker compose` as a person types it in that directory. */
export async function byHand(directory: string, ...words: string[]): Promise<string> {
  return (await run('docker', ['compose', ...words], { cwd: directory })).stdout
}
