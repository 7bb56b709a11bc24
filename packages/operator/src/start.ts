import type { Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  AngeeError,
  type BringUpEffects,
  type Clock,
  type DrillEffects,
  fileStore,
  type Logger,
  locateStack,
  nodeFiles,
  openStack,
  type Random,
  type StackOpening,
} from '@angee/core'
import { createAdaptorServer } from '@hono/node-server'
import { countAttempts } from './auth/attempts.ts'
import { readOwnToken } from './auth/own-token.ts'
import { type Permit, permitAll } from './auth/permit.ts'
import { listTokens } from './auth/tokens.ts'
import type { Daemon } from './daemon.ts'
import { type Address, isLoopback } from './http/address.ts'
import { makeApp } from './http/app.ts'
import { listenOnAddress, listenOnSocket } from './http/listen.ts'
import { lockOperator } from './lock.ts'
import { loggingListener } from './log.ts'
import { openEventLog } from './operations/events.ts'
import { allListeners, type OperationListener } from './operations/listener.ts'
import { runOperations } from './operations/operations.ts'
import { makeQueue } from './operations/queue.ts'
import { openRecords } from './operations/records.ts'
import { resumeOperations } from './operations/resume.ts'
import { makeScheduler } from './schedules/index.ts'
import { catalogReader } from './stack/catalog.ts'
import { manifestReader } from './stack/manifest.ts'
import { makeMetrics } from './watch/metrics.ts'
import { makeCourier } from './webhooks/index.ts'
import type { Workspaces } from './workspaces.ts'

/** So long answers are still given when all has ended. Milliseconds. */
const lastWords = 500

export interface OperatorOptions {
  /** What the one stack is opened with. */
  opening: StackOpening
  /** As many ports of this machine as were asked for, free now: for drills. */
  freePorts: DrillEffects['freePorts']
  /** Makes and removes workspaces; without it there are none. */
  workspaces?: Workspaces
  /** The path of the socket; `run/operator.sock` in the stack root when absent, none when false. */
  socket?: string | false
  /** An address to listen on besides. */
  listen?: Address
  /** A file with a token that may do everything. */
  tokenFile?: string
  /** Whoever can open the socket needs no token. */
  allowOwner?: boolean
  /** Names under which the operator may be called, besides those of this machine. */
  allowedHosts?: readonly string[]
  logger: Logger
  clock: Clock
  random: Random
  /** Decides about guarded actions besides the scopes. */
  permit?: Permit
  /** Are told of every operation. */
  listeners?: readonly OperationListener[]
}

export interface Operator {
  /** Where it listens: `unix:PATH` and `http://ADDRESS`. */
  addresses: readonly string[]
  /** Resolves when what an earlier operator left half done has been dealt with. */
  recovered: Promise<void>
  /**
   * Takes nothing on any more; gives what runs `grace` milliseconds to end, and then ends it, so that it undoes what it
   * has begun; then closes. A second call waits no longer.
   */
  stop(grace: number): Promise<void>
}

/**
 * Starts the operator of a stack: recovers what was left half done, listens. STACK_NOT_FOUND; LOCKED where another
 * operator serves this stack; USAGE for a place it cannot listen on, or must not without a token.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { logger, clock, random, allowOwner = false, allowedHosts = [] } = options
  const place = locateStack(options.opening.directory, options.opening.from)
  const opening = { ...options.opening, directory: place.root }
  const store = fileStore(place.stateDirectory, nodeFiles)
  const state = join(place.stateDirectory, 'operator')
  const lock = lockOperator(place)
  try {
    const ownToken = options.tokenFile === undefined ? undefined : await readOwnToken(options.tokenFile, nodeFiles)
    if (options.listen && !isLoopback(options.listen)) await requireSomeToken(store, ownToken, options.listen)
    const ctx = { clock, random, logger }
    const metrics = makeMetrics()
    const listeners = [loggingListener(logger), metrics.listener, ...(options.listeners ?? [])]
    const machinery = {
      opening,
      effects: effectsFor(opening, options.freePorts),
      workspaces: options.workspaces,
      records: await openRecords(store),
      events: openEventLog(join(state, 'operations')),
      queue: makeQueue(),
      listener: allListeners(listeners, (error) => logger.error('a listener failed', { error: String(error) })),
      ctx,
    }
    const operations = runOperations(machinery)
    const catalog = catalogReader(place, store)
    const manifest = manifestReader(place, nodeFiles)
    const scheduler = await makeScheduler({
      root: place.root,
      store,
      catalog,
      operations,
      readManifest: () => manifest.read(),
      clock,
      logger,
      onOverdue: (schedule) => machinery.listener.overdue(schedule),
    })
    const courier = await makeCourier({
      place,
      store,
      files: nodeFiles,
      manifest,
      records: machinery.records,
      clock,
      random,
      logger,
      timeout: 15_000,
      onTry: metrics.delivered,
    })
    listeners.push(scheduler.listener, courier.listener)
    const ending = new AbortController()
    const givenUp = new AbortController()
    const noMore = new AbortController()
    let status: ReturnType<Daemon['state']> = 'recovering'
    let problem: unknown
    const daemon: Daemon = {
      ...machinery,
      place,
      store,
      manifest,
      catalog,
      operations,
      scheduler,
      metrics,
      courier,
      permit: options.permit ?? permitAll,
      state: () => status,
      problem: () => problem,
      ending: ending.signal,
    }
    const hold = machinery.queue.hold()
    const app = makeApp(daemon, {
      authentication: { store, allowOwner, now: () => clock.now(), ...(ownToken === undefined ? {} : { ownToken }) },
      attempts: countAttempts(clock),
      allowedHosts: [...allowedHosts, ...(options.listen ? [hostName(options.listen)] : [])],
    })
    const { servers, addresses } = await listenEverywhere(() => createAdaptorServer({ fetch: app.fetch }) as Server, {
      socket: options.socket ?? join(place.root, 'run', 'operator.sock'),
      listen: options.listen,
    })
    logger.info('the operator listens', { addresses, root: place.root })

    const recovered = resumeOperations(machinery, givenUp.signal).then((found) => {
      problem = found
      if (status === 'recovering') status = 'ready'
      hold.release()
    })
    const scheduling = recovered.then(() => scheduler.run(noMore.signal))
    const delivering = recovered.then(() => courier.run(ending.signal))
    let stopped: Promise<void> | undefined
    const stop = async (grace: number): Promise<void> => {
      status = 'stopping'
      const patience = globalThis.setTimeout(() => givenUp.abort(), grace)
      noMore.abort()
      await recovered
      await scheduling
      clearTimeout(patience)
      // Whoever follows what has just ended asks what came of it.
      if (await operations.stop(grace)) await setTimeout(lastWords)
      ending.abort()
      await delivering
      await Promise.all(servers.map(closed))
      lock.release()
      logger.info('the operator has ended')
    }
    return {
      addresses,
      recovered,
      stop: (grace) => {
        if (stopped) operations.hurry()
        stopped ??= stop(grace)
        return stopped
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function effectsFor(opening: StackOpening, freePorts: DrillEffects['freePorts']): BringUpEffects & DrillEffects {
  return {
    openStack: (root, ctx) => openStack({ ...opening, directory: root }, ctx),
    environment: process.env,
    freePorts,
  }
}

async function requireSomeToken(
  store: Daemon['store'],
  ownToken: string | undefined,
  { host, port }: Address,
): Promise<void> {
  if (ownToken !== undefined || (await listTokens(store)).length > 0) return
  throw new AngeeError('USAGE', `${host}:${port} can be called from other machines, and there is no token`, {
    hint: 'Mint one first: angee operator token mint --scope admin. Or listen on 127.0.0.1.',
    context: { host, port },
  })
}

async function listenEverywhere(
  makeServer: () => Server,
  { socket, listen }: { socket: string | false; listen: Address | undefined },
): Promise<{ servers: Server[]; addresses: string[] }> {
  const servers: Server[] = []
  const addresses: string[] = []
  const next = (): Server => {
    const server = makeServer()
    servers.push(server)
    return server
  }
  if (socket === false && listen === undefined) {
    throw new AngeeError('USAGE', 'there is no place to listen on', { hint: 'Give --listen ADDRESS or --socket PATH.' })
  }
  try {
    if (socket !== false) {
      await listenOnSocket(next(), socket)
      addresses.push(`unix:${socket}`)
    }
    if (listen !== undefined) {
      const port = await listenOnAddress(next(), listen)
      addresses.push(`http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`)
    }
    return { servers, addresses }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
}

function hostName({ host }: Address): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Answers under way are finished; connections that only wait are closed. */
async function closed(server: Server): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const late = globalThis.setTimeout(() => server.closeAllConnections(), 2000)
  await done
  clearTimeout(late)
}
