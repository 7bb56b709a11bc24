import { resolve } from 'node:path'
import type { Context, Runtime, RuntimeOpening, ServiceStatus } from '@angee/core'
import { AngeeError, registerSecret } from '@angee/core'
import { definitionFile, readDefinition } from './definition/definition.ts'
import { runCommand } from './exec/run.ts'
import { fileSetting, type SettingSources, supervisedSetting } from './exec/setting.ts'
import { lookUpUser, takeOn } from './exec/user.ts'
import { serverGone } from './lifecycle/common.ts'
import { pauseServices, resumeServices } from './lifecycle/pause.ts'
import { startServices } from './lifecycle/start.ts'
import { supervisedStatus, withoutServer } from './lifecycle/status.ts'
import { stopServices } from './lifecycle/stop.ts'
import { notRunning, waitUntilHealthy } from './lifecycle/wait-healthy.ts'
import type { ProccomposeOptions } from './options.ts'
import { supervisorAddress } from './supervisor/address.ts'
import { findSupervisor, type Supervisor } from './supervisor/supervisor.ts'

/**
 * The runtime of one stack. It looks for the server anew at every call, because a server may come and go between them;
 * where none runs, hooks are spawned with what the file says, and nothing can be started.
 */
export function openProccompose(
  { options, stackRoot, services }: RuntimeOpening<ProccomposeOptions>,
  own: NodeJS.ProcessEnv,
): Runtime {
  const token = own[options.token_env]
  if (token !== undefined) registerSecret(token)
  const address = () => supervisorAddress(options, stackRoot, own)
  const find = (ctx: Context) => findSupervisor(address(), token, stackRoot, ctx)
  const sources = (): SettingSources => ({ stackRoot, own, file: definitionFile(stackRoot, options.file) })
  const required = async (ctx: Context): Promise<Supervisor> => {
    const server = await find(ctx)
    if (server !== undefined) return server
    throw serverGone({ address: address().shown })
  }

  const status = async (ctx: Context): Promise<ServiceStatus[]> => {
    const states = await (await find(ctx))?.processes(ctx)
    if (states !== undefined) return supervisedStatus(states, services)
    const { file } = sources()
    const declared = file === undefined ? [] : Object.keys((await readDefinition(file)).processes)
    return [...new Set([...declared, ...services])].map((service) => withoutServer(service, 'stopped'))
  }

  return {
    type: 'proccompose',

    async preflight(ctx) {
      const project = await (await find(ctx))?.project(ctx)
      return { engine: 'process-compose', version: project?.version ?? 'not running' }
    },

    status,

    async exec(service, command, io, { user, env, workdir }, ctx) {
      if (!(await status(ctx)).some((one) => one.service === service)) throw unknown(service)
      const server = await find(ctx)
      const setting = await (server === undefined
        ? fileSetting(service, sources())
        : supervisedSetting(service, server, sources(), ctx))
      const identity = user === undefined ? undefined : await lookUpUser(user)
      const launch = {
        command,
        environment: { ...setting.environment, ...identity?.environment, ...env },
        directory: resolve(setting.directory, workdir ?? ''),
        identity: takeOn(identity ?? setting.owner, user),
      }
      return runCommand(launch, io, ctx)
    },

    start: async (names, ctx) => (names.length > 0 ? startServices(await required(ctx), names, ctx) : undefined),

    async stop(names, ctx) {
      const server = await find(ctx)
      if (server !== undefined) await stopServices(server, names, ctx)
    },

    async pause(names, ctx) {
      const server = await find(ctx)
      if (server !== undefined) return pauseServices(server, names, ctx)
      for (const name of names) throw notRunning(name, 'no process-compose server runs')
    },

    async resume(names, ctx) {
      const server = await find(ctx)
      if (server !== undefined) await resumeServices(server, names, ctx)
    },

    async waitHealthy(names, ctx) {
      const server = await find(ctx)
      if (server !== undefined) return waitUntilHealthy(server, names, ctx)
      for (const name of names) throw notRunning(name, 'no process-compose server runs')
    },

    [Symbol.asyncDispose]: async () => undefined,
  }
}

function unknown(service: string): AngeeError {
  return new AngeeError(
    'SERVICE_NOT_RUNNING',
    `neither process-compose nor angee.yaml knows a local service ${service}`,
    {
      hint: 'Check the name of the service.',
      context: { service },
    },
  )
}
