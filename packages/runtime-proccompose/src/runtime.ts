import { resolve } from 'node:path'
import type { Runtime, RuntimeOpening } from '@angee/core'
import { AngeeError } from '@angee/core'
import { takeDown } from './bring-up/down.ts'
import { runJob } from './bring-up/job.ts'
import { prepareStack } from './bring-up/prepare.ts'
import { bringUp, startAgain } from './bring-up/up.ts'
import { dependenciesOf } from './definition/definition.ts'
import { runCommand } from './exec/run.ts'
import { fileSetting, supervisedSetting } from './exec/setting.ts'
import { lookUpUser, takeOn } from './exec/user.ts'
import { endLeftovers } from './leftovers/services.ts'
import { pauseServices, resumeServices } from './lifecycle/pause.ts'
import { statusOf } from './lifecycle/status.ts'
import { stopServices } from './lifecycle/stop.ts'
import { notRunning, waitUntilHealthy } from './lifecycle/wait-healthy.ts'
import type { ProccomposeOptions } from './options.ts'
import { placeOf } from './place.ts'
import { hookVariable, stackVariable } from './server/environment.ts'

/**
 * The runtime of one stack. It looks for the server anew at every call, because a server may come and go between them.
 * Where none runs, hooks are spawned with what the file says; a server is started for a file that angee wrote.
 */
export function openProccompose(opening: RuntimeOpening<ProccomposeOptions>, own: NodeJS.ProcessEnv): Runtime {
  const place = placeOf(opening, own)
  const { stackRoot, home } = place

  return {
    type: 'proccompose',

    async preflight(ctx) {
      const project = await (await place.find(ctx))?.project(ctx)
      return { engine: 'process-compose', version: project?.version ?? 'not running' }
    },

    status: (ctx) => statusOf(place, ctx),

    async exec(service, command, io, { user, env, workdir }, ctx) {
      const status = (await statusOf(place, ctx)).find((one) => one.service === service)
      if (status?.canExec !== true) throw unusable(service, status !== undefined)
      const server = await place.find(ctx)
      const setting = await (server === undefined
        ? fileSetting(service, place)
        : supervisedSetting(service, server, place, ctx))
      const identity = user === undefined ? undefined : await lookUpUser(user)
      const marks = { [stackVariable]: stackRoot, [hookVariable]: service }
      const launch = {
        command,
        environment: { ...setting.environment, ...marks, ...identity?.environment, ...env },
        directory: resolve(setting.directory, workdir ?? ''),
        identity: takeOn(identity ?? setting.owner, user),
      }
      return runCommand(launch, io, ctx)
    },

    start: (names, ctx) => startAgain(place, names, ctx),

    async stop(names, ctx) {
      const server = await place.find(ctx)
      if (server !== undefined) return stopServices(server, names, ctx)
      if (!place.isCompiled() || names.length === 0) return
      const dependencies = dependenciesOf((await place.definition()) ?? { processes: {} })
      await endLeftovers({ stackRoot, home, dependencies }, names, ctx)
    },

    async pause(names, ctx) {
      const server = await place.find(ctx)
      if (server !== undefined) return pauseServices(server, names, ctx)
      for (const name of names)
        throw notRunning(name, 'no process-compose server runs', 'Bring the stack up: angee stack up')
    },

    async resume(names, ctx) {
      const server = await place.find(ctx)
      if (server !== undefined) await resumeServices(server, names, ctx)
    },

    async waitHealthy(names, ctx) {
      const server = await place.find(ctx)
      if (server === undefined) {
        for (const name of names)
          throw notRunning(name, 'no process-compose server runs', 'Bring the stack up: angee stack up')
        return
      }
      const processes = (await place.liveDefinition())?.processes
      await waitUntilHealthy(server, names, (name) => processes?.[name]?.readyWithin, ctx)
    },

    async prepare(definition, ctx) {
      ctx.signal.throwIfAborted()
      return prepareStack(place, definition)
    },

    up: (names, _, ctx) => bringUp(place, names, ctx),
    down: (_, ctx) => takeDown(place, ctx),
    runJob: (job, definition, output, ctx) => runJob(place, job, definition, output, ctx),

    [Symbol.asyncDispose]: async () => undefined,
  }
}

function unusable(service: string, known: boolean): AngeeError {
  const context = { service }
  if (known) {
    const problem = `service ${service} has no environment to run a command in: its stack has been taken down`
    return new AngeeError('SERVICE_NOT_RUNNING', problem, { hint: 'Bring the stack up: angee stack up', context })
  }
  const problem = `neither process-compose nor angee.yaml knows a local service ${service}`
  return new AngeeError('SERVICE_NOT_RUNNING', problem, { hint: 'Check the name of the service.', context })
}
