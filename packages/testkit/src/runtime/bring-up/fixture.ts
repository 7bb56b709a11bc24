import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { ExecResult, Runtime, SecretText, ServiceStatus, StackDefinition, Workload } from '@angee/core'
import { type TestContext, testContext } from '../../fakes/index.ts'
import { readAll } from '../../streams/index.ts'
import type { Behaviour } from '../behaviour.ts'

/**
 * A stack root of its own, empty, for the cases about bringing up, taking down and jobs. Disposing of it takes away
 * whatever a case has left, also on the engine.
 */
export interface EmptyStack extends AsyncDisposable {
  /** Opens the runtime on the stack root, once for each process that works on it. */
  open(): Promise<Runtime>
  /** The stack as it is before a case adds services, jobs and secrets to it. */
  readonly definition: StackDefinition
  /** A workload that behaves so, with all that this runtime needs besides, such as an image. */
  workload(kind: Workload['kind'], name: string, behaviour: Behaviour): Workload
  /** Another text whenever a running service has been made anew or started again: an id, a start time, a pid. */
  instance(service: string): Promise<string>
  /** What the engine holds of this stack, one line each: containers, networks, processes, supervisors. No files. */
  remains(): Promise<readonly string[]>
  /** One line for each process that lives where services and jobs run, with its arguments. No zombies. */
  processes(): Promise<readonly string[]>
  /** An absolute path, as `pwd` shows it, where a workload can start. */
  readonly workdir: string
  /** What a person writes for the engine: a service `mine` that runs until stopped, and a job `seed` that ends with 3. */
  readonly byHand: { readonly file: string; readonly text: string }
  /**
   * Runs a job of the definition in another process, and kills that with SIGKILL as soon as the job has written
   * something. Without it, what happens to the job of a killed process is not tried.
   */
  killDuringJob?(job: string, definition: StackDefinition): Promise<void>
}

/** Opens an empty stack for one case. */
export type OpenEmptyStack = () => Promise<EmptyStack>

/** What stays until it is ended. */
export const stays = (mark: string): Behaviour => ({ does: 'stay', mark, ignoresTerm: false })

/** The stack with these workloads, and with secrets by name. */
export function definitionOf(
  { definition }: Pick<EmptyStack, 'definition'>,
  workloads: readonly Workload[],
  secrets: Readonly<Record<string, string>> = {},
): StackDefinition {
  return {
    ...definition,
    services: workloads.filter(({ kind }) => kind === 'service'),
    jobs: workloads.filter(({ kind }) => kind === 'job'),
    secrets: new Map(Object.entries(secrets).map(([name, value]) => [name, { variable: `SUITE_${name}`, value }])),
  }
}

/** The workload with this environment added. */
export function withEnv(workload: Workload, env: Readonly<Record<string, SecretText>>): Workload {
  return { ...workload, env: { ...workload.env, ...env } }
}

/** Prepares the definition, brings services up and waits for them. */
export async function bringUp(runtime: Runtime, definition: StackDefinition, names?: readonly string[]): Promise<void> {
  const wanted = names ?? definition.services.map(({ name }) => name)
  await runtime.prepare(definition, testContext())
  await runtime.up(wanted, definition, testContext())
  await runtime.waitHealthy(wanted, testContext())
}

/** The state of a service, as `status` tells it. */
export async function stateOf(runtime: Runtime, service: string): Promise<ServiceStatus['state']> {
  const found = (await runtime.status(testContext())).filter((status) => status.service === service)
  assert.equal(found.length, 1, `status has ${found.length} entries for ${service}`)
  return (found[0] as ServiceStatus).state
}

export interface JobRun extends ExecResult {
  output: Buffer
}

/** Runs a job to its end and collects what it wrote. */
export async function runJob(
  runtime: Runtime,
  job: string,
  definition: StackDefinition,
  ctx: TestContext = testContext(),
): Promise<JobRun> {
  const stream = new PassThrough()
  const output = readAll(stream)
  output.catch(() => undefined)
  try {
    const result = await runtime.runJob(job, definition, stream, ctx)
    assert.equal(stream.writableEnded, false, 'runJob has ended the output it was given')
    stream.end()
    return { ...result, output: await output }
  } finally {
    stream.destroy()
  }
}

/** Starts a job; `ready` resolves with the first thing it writes, and rejects when the job ends before. */
export function startJob(runtime: Runtime, job: string, definition: StackDefinition, signal: AbortSignal) {
  const output = new PassThrough()
  const call = runtime.runJob(job, definition, output, testContext({ signal }))
  const ended = call.then(
    () => Promise.reject(new Error('the job ended by itself')),
    (error: unknown) => Promise.reject(error),
  )
  ended.catch(() => undefined)
  const ready = Promise.race([once(output, 'data'), ended])
  ready.catch(() => undefined)
  return { call, ready }
}
