import { rm } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import type { Context } from '@angee/core'
import { dependenciesOf } from '../definition/definition.ts'
import { endLeftovers } from '../leftovers/services.ts'
import { stopEverything, stopServices } from '../lifecycle/stop.ts'
import type { Place } from '../place.ts'
import { endServer, killServer } from '../server/end.ts'
import { alone } from '../server/lock.ts'
import { readRecord } from '../server/record.ts'
import { livingServer } from '../server/start.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/**
 * Stops everything that runs for a stack, each before what it depends on, and ends the server; also what a server has
 * left behind that died. Removes the socket and what services take in. Resolves when every process is gone. Idempotent.
 */
export async function takeDown(place: Place, ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  await alone(place.home, () => takeDownAlone(place, ctx), ctx)
}

async function takeDownAlone(place: Place, ctx: Context): Promise<void> {
  const { home, stackRoot, services } = place
  const entry = await livingServer(home)
  const server = await findOrGiveUp(place, ctx)
  if (server !== undefined && (await isOurs(place, server, ctx))) {
    await stopEverything(server, ctx)
    await endServer(server, entry, ctx)
  } else if (server !== undefined) await stopServices(server, services, ctx)
  await killServer(await livingServer(home), ctx)
  const definition = await place.liveDefinition().catch(() => undefined)
  const dependencies = dependenciesOf(definition ?? { processes: {} })
  await endLeftovers({ stackRoot, home, dependencies }, 'everything', ctx)
  await cleanUp(place)
}

/** A server that hangs is as good as none: it is killed with what it left. */
async function findOrGiveUp(place: Place, ctx: Context): Promise<Supervisor | undefined> {
  try {
    return await place.find(ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    if ((await livingServer(place.home)) === undefined) throw error
    return undefined
  }
}

/** One that angee started, or that runs files of this stack alone. Another's is left running. */
async function isOurs({ home, stackRoot }: Place, server: Supervisor, ctx: Context): Promise<boolean> {
  if ((await livingServer(home)) !== undefined) return true
  const files = (await server.project(ctx))?.fileNames ?? []
  return files.length > 0 && files.every((file) => isAbsolute(file) && !relative(stackRoot, file).startsWith('..'))
}

async function cleanUp({ home }: Place): Promise<void> {
  const madeFor = readRecord(home)?.madeFor
  if (madeFor !== undefined) await rm(madeFor, { recursive: true, force: true })
  for (const path of [home.socket, home.live, home.reloadOwed, home.services, home.jobs]) {
    await rm(path, { recursive: true, force: true })
  }
  await rm(home.record, { force: true })
}
