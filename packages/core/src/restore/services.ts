import type { Context } from '../contract/index.ts'
import type { Journal } from '../journal/index.ts'
import type { StreamPart } from '../scope/index.ts'
import { onRuntimes, type Stack, stackStatus } from '../stack/index.ts'
import type { RestoreJournal, ServiceRef } from './journal-entry.ts'
import type { RestoreRequest } from './plan.ts'

/** Stops every service that runs or is paused. A paused one is resumed first, or it could not end. */
export async function stopAll(stack: Stack, ctx: Context): Promise<void> {
  const statuses = await stackStatus(stack.runtimes, ctx)
  const paused = statuses.filter(({ state }) => state === 'paused')
  await onRuntimes(stack.runtimes, paused, (runtime, services) => runtime.resume(services, ctx))
  const up = statuses.filter(({ state }) => state === 'running' || state === 'paused')
  await onRuntimes(stack.runtimes, up, (runtime, services) => runtime.stop(services, ctx))
}

/**
 * Brings up the services whose hooks are about to run and waits until they are healthy. Those that did not run are
 * noted in the journal first, to be stopped again. Where no supervisor runs, the hook is all there is.
 */
export async function startForHooks(
  stack: Stack,
  parts: readonly StreamPart[],
  journal: Journal<RestoreJournal>,
  { bringUp }: Pick<RestoreRequest, 'bringUp'>,
  ctx: Context,
): Promise<void> {
  const statuses = await stackStatus(stack.runtimes, ctx)
  const down = parts
    .map(({ service, runtime: kind }) => ({ service, kind }))
    .filter(({ service, kind }) => {
      const status = statuses.find((one) => one.service === service && one.kind === kind)
      const hookIsAll = bringUp === undefined && status?.canStart === false && status.canExec
      return status?.state !== 'running' && !hookIsAll
    })
  const { running, started } = journal.entry
  const ours = down.filter((one) => !has(running, one) && !has(started, one))
  if (ours.length > 0) await journal.write({ started: [...started, ...ours] })
  if (bringUp) return down.length === 0 ? undefined : bringUp(down)
  await onRuntimes(stack.runtimes, down, async (runtime, services) => {
    await runtime.start(services, ctx)
    await runtime.waitHealthy(services, ctx)
  })
}

/** Leaves every service as it was found: those that ran run, those that were paused are paused, the rest is stopped. */
export async function asFound(stack: Stack, { running, paused, started }: RestoreJournal, ctx: Context): Promise<void> {
  const statuses = await stackStatus(stack.runtimes, ctx)
  const isUp = ({ service, kind }: ServiceRef): boolean =>
    statuses.some((one) => one.service === service && one.kind === kind && one.state === 'running')
  const surplus = started.filter((one) => !has([...running, ...paused], one))
  await onRuntimes(stack.runtimes, surplus, (runtime, services) => runtime.stop(services, ctx))
  const owed = [...running, ...paused].filter((one) => !isUp(one))
  await onRuntimes(stack.runtimes, owed, (runtime, services) => runtime.start(services, ctx))
  await onRuntimes(stack.runtimes, paused, (runtime, services) => runtime.pause(services, ctx))
}

function has(list: readonly ServiceRef[], { service, kind }: ServiceRef): boolean {
  return list.some((one) => one.service === service && one.kind === kind)
}
