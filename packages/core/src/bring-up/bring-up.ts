import type { Writable } from 'node:stream'
import type { Context, PreparedDefinition, RuntimeKind } from '../contract/index.ts'
import { lockStack } from '../lock/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import { type Stack, type StackServiceStatus, stackStatus } from '../stack/index.ts'
import { planStack, servicesMeant } from './plan.ts'
import type { OpenStack, RestoredJob } from './restore-job.ts'
import { followRestores, runRestores } from './restores.ts'
import { type Walk, walkOf } from './walk.ts'

export interface BringUpRequest {
  /** Services to bring up, with what they depend on; all of the stack when absent. */
  services?: readonly string[]
  /** Do not wait until they are healthy. */
  withoutWaiting?: boolean
}

/** What bringing up needs from outside. */
export interface BringUpEffects {
  openStack: OpenStack
  /** This process's own: secrets are imported from there. */
  environment: Readonly<Record<string, string | undefined>>
  /** Gets what jobs write. */
  output?: Writable
}

export interface BringUpResult {
  services: StackServiceStatus[]
  restored: RestoredJob[]
  /** Jobs that have run, restore jobs aside. */
  jobs: string[]
  /** The engines' own files. */
  files: (PreparedDefinition & { kind: RuntimeKind })[]
}

/**
 * Brings a stack up: writes the engines' files; puts the data of its restore jobs in place before anything that mounts
 * it starts; runs the jobs that depend on them forward; then starts everything else in the order of `depends_on`. Safe to
 * repeat: what is done is not done again. A failure stops it where it stands.
 * MANIFEST_INVALID, USAGE, JOB_FAILED, SERVICE_NOT_RUNNING, RUNTIME_FAILED, and all that a restore can fail with.
 */
export async function bringUpStack(
  stack: Stack,
  request: BringUpRequest,
  effects: BringUpEffects,
  ctx: Context,
): Promise<BringUpResult> {
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(stack.place.stateDirectory, { operation: 'up', id }, stack.files, ctx.clock)
  const sources = { random: ctx.random, environment: effects.environment }
  const { plan, prepared } = await planStack(stack, sources, ctx)
  const names = servicesMeant(plan, request.services)
  const restoreJobs = new Set(plan.restores.map(({ name }) => name))
  const walk = walkOf(stack, plan, restoreJobs, effects.output, ctx)
  const restored = await runRestores(stack, plan, walk, effects.openStack, ctx)
  await followRestores(stack, plan, walk, ctx)
  await walk.to(names)
  if (request.withoutWaiting !== true) await waitForAll(stack, walk, names, ctx)
  const jobs = plan.definition.jobs.map(({ name }) => name).filter((name) => walk.reached.has(name))
  const files = [...prepared].map(([kind, one]) => ({ kind, ...one }))
  return { services: await stackStatus(stack.runtimes, ctx), restored, jobs, files }
}

/** What only the engine's own file knows may be meant to end; it is waited for as long as it runs. */
async function waitForAll(stack: Stack, walk: Walk, names: readonly string[], ctx: Context): Promise<void> {
  ctx.onProgress({ type: 'phase', phase: 'wait', message: 'waiting until every service is healthy' })
  const declared = new Set(stack.manifest.services.map(({ name }) => name))
  const statuses = await stackStatus(stack.runtimes, ctx)
  const running = new Set(statuses.filter(({ state }) => state === 'running').map(({ service }) => service))
  await walk.waitFor(names.filter((name) => declared.has(name) || running.has(name)))
}
