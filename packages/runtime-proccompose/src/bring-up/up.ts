import { AngeeError, type Context } from '@angee/core'
import { hasTaken } from '../definition/taken.ts'
import { frozenOnes, resumeServices } from '../lifecycle/pause.ts'
import { startServices } from '../lifecycle/start.ts'
import type { Place } from '../place.ts'
import { alone } from '../server/lock.ts'
import { startsByHand } from './by-hand.ts'
import { ensureServer } from './ensure.ts'

/**
 * Brings services to what the prepared file says, under a server that is started when none runs.
 * RUNTIME_UNAVAILABLE when process-compose is not installed, RUNTIME_FAILED with its words when it cannot.
 */
export async function bringUp(place: Place, names: readonly string[], ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  if (names.length === 0) return
  const definition = await prepared(place)
  const stranger = definition.compiled ? names.find((name) => definition.processes[name] === undefined) : undefined
  if (stranger !== undefined) {
    throw new AngeeError('RUNTIME_FAILED', `${stranger} is no local service of this stack`, {
      hint: `Local services: ${Object.keys(definition.processes).join(', ') || 'none'}.`,
      context: { service: stranger },
    })
  }
  const server = await alone(place.home, () => ensureServer(place, definition, names, ctx), ctx)
  // Not under the lock: one may have to wait for another that is brought up at the same time.
  const due = definition.compiled ? names : await startsByHand(definition, names, place.services, server, ctx)
  await startServices(server, due, ctx)
  await resumeServices(server, await frozenOnes(server, due, ctx), ctx)
}

/** Starts services that have been brought up before, under a new server when theirs has gone. */
export async function startAgain(place: Place, names: readonly string[], ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  if (names.length === 0) return
  const definition = place.isCompiled() ? await place.definition() : undefined
  const bare = names.find((name) => definition?.processes[name]?.takesIn && !hasTaken(place.home, name))
  if (bare !== undefined) throw takenDown(bare)
  const known = (await (await place.find(ctx))?.processes(ctx))?.map(({ name }) => name)
  const fresh = names.filter((name) => definition?.processes[name] !== undefined && !known?.includes(name))
  const server =
    definition === undefined || (known !== undefined && fresh.length === 0)
      ? await place.require(ctx)
      : await alone(place.home, () => ensureServer(place, definition, fresh, ctx), ctx)
  await startServices(server, names, ctx)
}

async function prepared(place: Place) {
  const definition = await place.definition()
  if (definition !== undefined) return definition
  throw new AngeeError('RUNTIME_FAILED', `there is no process-compose.yaml in ${place.stackRoot}`, {
    hint: 'Bring the stack up: angee stack up. That writes it.',
    context: { stackRoot: place.stackRoot },
  })
}

/** What it takes in went with `down`, and only the manifest can bring it back. */
function takenDown(service: string): AngeeError {
  return new AngeeError('RUNTIME_UNAVAILABLE', `${service} cannot be started: its stack has been taken down`, {
    hint: 'Bring the stack up: angee stack up',
    context: { service },
  })
}
