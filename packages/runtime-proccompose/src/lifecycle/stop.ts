import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import { processFacts } from '../processes/facts.ts'
import { signalFamily, waitUntilGone } from '../processes/signal.ts'
import { family, type ProcessEntry, processTable } from '../processes/table.ts'
import type { ProcessState } from '../supervisor/answers.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { inDependencyOrder } from './common.ts'
import { phaseOf } from './phase.ts'

/**
 * Stops services one after the other, each before those it depends on. Resolves when every process they were made of
 * is gone: the server calls a process stopped when it has sent the signal, and its shell may end long before the
 * database the shell had started. RUNTIME_FAILED, with nothing stopped, when the server would end with them.
 */
export async function stopServices(server: Supervisor, services: readonly string[], ctx: Context): Promise<void> {
  const states = await server.processes(ctx)
  if (states === undefined) return
  const due = states.filter((state) => services.includes(state.name) && phaseOf(state) !== 'ended')
  if (due.length === 0) return
  await refuseToEndServer(states, due)
  const names = due.map(({ name }) => name)
  for (const name of (await inDependencyOrder(server, names, ctx)).reverse()) await stopOne(server, name, ctx)
}

/** Stops everything a server runs, in that order too, and does not mind if the server ends with it. */
export async function stopEverything(server: Supervisor, ctx: Context): Promise<void> {
  const states = (await server.processes(ctx)) ?? []
  const names = states.filter((state) => phaseOf(state) !== 'ended').map(({ name }) => name)
  for (const name of (await inDependencyOrder(server, names, ctx)).reverse()) await stopOne(server, name, ctx)
}

async function stopOne(server: Supervisor, name: string, ctx: Context): Promise<void> {
  const members = new Map<number, ProcessEntry>()
  let root = 0
  for (;;) {
    const state = (await server.processes(ctx))?.find((one) => one.name === name)
    if (state === undefined || phaseOf(state) === 'ended') break // also: the server has ended with its last process
    if (state.pid > 0) {
      root = state.pid
      for (const entry of family(await processTable(), root)) members.set(entry.pid, entry)
    }
    if (phaseOf(state) !== 'ending') await orderStop(server, state, [...members.values()], ctx)
    await ctx.clock.sleep(100, ctx.signal)
  }
  if (root > 0) await waitUntilGone(root, [...members.values()], ctx)
}

async function orderStop(
  server: Supervisor,
  { name, pid }: ProcessState,
  members: ProcessEntry[],
  ctx: Context,
): Promise<void> {
  // A frozen process would keep the signal for later, and the server would wait for it.
  if (members.some(({ state }) => state === 'stopped')) await signalFamily(pid, 'SIGCONT')
  // A refusal means it has ended meanwhile; whether it did shows in its state.
  await server.stop(name, ctx)
}

/**
 * A server without --keep-project ends with its last process, and takes with it the means to start them again. Where
 * its command line can be read, that is refused while nothing has happened yet.
 */
async function refuseToEndServer(states: readonly ProcessState[], due: readonly ProcessState[]): Promise<void> {
  const stays = states.some((state) => !due.includes(state) && phaseOf(state) !== 'ended')
  const pid = due.find((state) => state.is_running && state.pid > 0)?.pid
  if (stays || pid === undefined) return
  const parent = (await processTable()).get(pid)?.parent ?? 1
  const words = parent > 1 ? processFacts(parent).arguments : undefined
  if (words === undefined || words.some((word) => /^--keep-project(=true|=1)?$/.test(word))) return
  const names = due.map(({ name }) => name).join(', ')
  throw new AngeeError(
    'RUNTIME_FAILED',
    `stopping ${names} would end process-compose, and nothing could start them again`,
    {
      hint: 'Nothing was stopped. Start process-compose with --keep-project: process-compose up --keep-project',
      context: { services: names },
    },
  )
}
