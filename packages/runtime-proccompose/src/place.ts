import { existsSync, readFileSync } from 'node:fs'
import { type Context, type RuntimeOpening, registerSecret } from '@angee/core'
import { isCompiled } from './compile/document.ts'
import { type Definition, definitionFile, readDefinition } from './definition/definition.ts'
import { type Home, homeOf } from './home.ts'
import { serverGone } from './lifecycle/common.ts'
import type { ProccomposeOptions } from './options.ts'
import { passedOn } from './server/environment.ts'
import { readRecord } from './server/record.ts'
import { type SupervisorAddress, supervisorAddress } from './supervisor/address.ts'
import { findSupervisor, type Supervisor } from './supervisor/supervisor.ts'

/** One stack as this runtime sees it. Files and servers come and go between calls: everything is looked up anew. */
export interface Place {
  readonly stackRoot: string
  readonly home: Home
  readonly options: ProccomposeOptions
  /** Our own environment. */
  readonly own: NodeJS.ProcessEnv
  /** The services of the manifest that are ours. */
  readonly services: readonly string[]
  /** The process-compose file, if there is one. */
  file(): string | undefined
  /** Whether angee wrote it. */
  isCompiled(): boolean
  /** What a server of this stack would be started with, before anything a file adds. */
  systemEnvironment(): NodeJS.ProcessEnv
  /** What the file says; RUNTIME_FAILED when it cannot be read. */
  definition(): Promise<Definition | undefined>
  /** What the file says that a server of ours runs; the stack's own file where there is none. */
  liveDefinition(): Promise<Definition | undefined>
  /** The server, or undefined when none runs. RUNTIME_UNAVAILABLE when it does not answer. */
  find(ctx: Context): Promise<Supervisor | undefined>
  /** The server. RUNTIME_UNAVAILABLE when none runs. */
  require(ctx: Context): Promise<Supervisor>
}

export function placeOf(
  { options, stackRoot, services }: RuntimeOpening<ProccomposeOptions>,
  own: NodeJS.ProcessEnv,
): Place {
  const home = homeOf(stackRoot)
  const token = own[options.token_env]
  if (token !== undefined) registerSecret(token)
  const file = () => definitionFile(stackRoot, options.file)
  const compiled = () => startsCompiled(file())
  const address = (): SupervisorAddress =>
    supervisorAddress(options, stackRoot, own, { remembered: readRecord(home)?.socket, onlyOurs: compiled() })
  const find = (ctx: Context) => findSupervisor(address(), token, stackRoot, ctx)
  const systemEnvironment = () => (compiled() ? passedOn(own) : own)
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : readDefinition(path, systemEnvironment())
  return {
    stackRoot,
    home,
    options,
    own,
    services,
    file,
    isCompiled: compiled,
    systemEnvironment,
    definition: () => read(file()),
    liveDefinition: () => read(compiled() && existsSync(home.live) ? home.live : file()),
    find,
    async require(ctx) {
      const server = await find(ctx)
      if (server !== undefined) return server
      throw serverGone({ address: address().shown })
    },
  }
}

function startsCompiled(file: string | undefined): boolean {
  try {
    return file !== undefined && isCompiled(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
}
