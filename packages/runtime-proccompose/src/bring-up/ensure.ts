import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import { type Definition, dependenciesOf } from '../definition/definition.ts'
import { endLeftovers } from '../leftovers/services.ts'
import { stopServices } from '../lifecycle/stop.ts'
import type { Place } from '../place.ts'
import { killServer } from '../server/end.ts'
import { passedOn, stackVariable } from '../server/environment.ts'
import { requireProgram } from '../server/program.ts'
import { readRecord, writeRecord } from '../server/record.ts'
import { livingServer, startServer } from '../server/start.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'
import { writeWhole } from '../write.ts'
import { disabledProcesses } from './by-hand.ts'
import { liveChange } from './live.ts'

/**
 * The server of a stack, started when none runs, with `names` as the definition has them. What a server that died left
 * behind is ended first. The caller holds the stack's server lock.
 */
export async function ensureServer(
  place: Place,
  definition: Definition,
  names: readonly string[],
  ctx: Context,
): Promise<Supervisor> {
  const server = await findAwake(place, ctx)
  if (server === undefined) return start(place, definition, ctx)
  if (definition.compiled) await updateLive(place, server, definition, names, ctx)
  else await updateByHand(place, server, definition, ctx)
  return server
}

/** One that was started a moment ago, by somebody who died over it, needs a moment to answer. */
async function findAwake(place: Place, ctx: Context): Promise<Supervisor | undefined> {
  for (let waited = 0; ; waited += 100) {
    const server = await place.find(ctx)
    if (server !== undefined || (await livingServer(place.home)) === undefined) return server
    if (waited >= 5_000) return undefined
    await ctx.clock.sleep(100, ctx.signal)
  }
}

async function start(place: Place, definition: Definition, ctx: Context): Promise<Supervisor> {
  const { home, own, options, stackRoot } = place
  if (options.url !== undefined) {
    throw new AngeeError('RUNTIME_UNAVAILABLE', `no process-compose server answers at ${options.url}`, {
      hint: 'Start it, or leave out runtimes.proccompose.url: then angee starts one on a socket of the stack.',
      retry: 'later',
    })
  }
  requireProgram(own)
  await killServer(await livingServer(home), ctx)
  await endLeftovers({ stackRoot, home, dependencies: dependenciesOf(definition) }, 'services', ctx)
  const environment = { ...passedOn(own), [stackVariable]: stackRoot }
  if (!definition.compiled) {
    const { file, directory, text } = definition
    const disabled = { PC_DISABLED_PROCESSES: disabledProcesses(definition).join(',') }
    const socket = socketOf(place)
    const how = { file, directory, socket, compiled: false, environment: { ...environment, ...disabled } }
    return startServer({ ...how, byHand: digest(text) }, home, own, ctx)
  }
  const change = await liveChange(definition.text, undefined, [], home)
  if (change !== undefined) await writeWhole(home.live, change.text, 0o600)
  await rm(home.reloadOwed, { force: true })
  const how = { file: home.live, directory: stackRoot, socket: socketOf(place), compiled: true, environment }
  return startServer(how, home, own, ctx)
}

async function updateLive(
  { home }: Place,
  server: Supervisor,
  definition: Definition,
  names: readonly string[],
  ctx: Context,
): Promise<void> {
  await requireOurs(server, home.live, ctx)
  const before = await readFile(home.live, 'utf8').catch(() => undefined)
  const change = await liveChange(definition.text, before, names, home)
  const owed = (await readFile(home.reloadOwed).catch(() => undefined)) !== undefined
  if (change === undefined && !owed) return
  if (change !== undefined) {
    // The server would wait for the shell of each alone; what that had started must be gone as well.
    await stopServices(server, change.changed, ctx)
    await writeFile(home.reloadOwed, '')
    await writeWhole(home.live, change.text, 0o600)
  }
  await server.reload(ctx)
  await rm(home.reloadOwed, { force: true })
}

/** What a person wrote is read again when it has changed, if angee knows what the server has read. */
async function updateByHand({ home }: Place, server: Supervisor, { text }: Definition, ctx: Context): Promise<void> {
  const known = readRecord(home)
  if (known?.byHand === undefined || known.byHand === digest(text)) return
  await server.reload(ctx)
  await writeRecord(home, { ...known, byHand: digest(text) })
}

async function requireOurs(server: Supervisor, live: string, ctx: Context): Promise<void> {
  const files = (await server.project(ctx))?.fileNames ?? []
  if (files.includes(live)) return
  throw new AngeeError('RUNTIME_FAILED', `the process-compose server at ${server.address} runs ${files.join(', ')}`, {
    hint: 'It is not one that angee started. End it: angee starts its own.',
    context: { address: server.address, files },
  })
}

function socketOf({ options, stackRoot, home }: Place): string {
  return options.socket === undefined ? home.socket : resolve(stackRoot, options.socket)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
