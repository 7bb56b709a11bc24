import { dirname, resolve } from 'node:path'
import type { Context } from '@angee/core'
import { readDefinition } from '../definition/definition.ts'
import { layeredEnvironment } from '../definition/layers.ts'
import { takenBy } from '../definition/taken.ts'
import type { Place } from '../place.ts'
import { type ProcessFacts, processFacts } from '../processes/facts.ts'
import { processTable } from '../processes/table.ts'
import type { ProcessState } from '../supervisor/answers.ts'
import type { Supervisor } from '../supervisor/supervisor.ts'

/** With what, where and as whom a service runs, and so its hooks. */
export interface Setting {
  environment: Readonly<Record<string, string | undefined>>
  directory: string
  /** Undefined when nothing tells: then as whoever runs angee. */
  owner: { uid: number; gid: number } | undefined
}

/** The setting of a service as a running server declares it. */
export async function supervisedSetting(
  service: string,
  server: Supervisor,
  place: Place,
  ctx: Context,
): Promise<Setting> {
  const states = (await server.processes(ctx)) ?? []
  const state = states.find(({ name }) => name === service)
  const info = state && (await server.info(service, ctx))
  if (state === undefined || info === undefined) return fileSetting(service, place)

  const serverFacts = await factsOfServer(states)
  const project = await server.project(ctx)
  const file = place.file()
  const base = serverFacts?.directory ?? (file === undefined ? place.stackRoot : dirname(file))
  const system = serverFacts?.environment ?? place.systemEnvironment()
  const files = project?.fileNames?.map((name) => resolve(base, name)) ?? []
  const definitions = await Promise.all(files.map((name) => readDefinition(name, system)))
  const alive = state.is_running && state.pid > 0 ? processFacts(state.pid) : undefined
  return {
    environment:
      exactEnvironment(service, alive) ??
      (await layeredEnvironment({
        service,
        directory: base,
        dotEnv: info.disableDotEnv !== true,
        system,
        project: definitions.flatMap(({ environment }) => environment),
        envFile: info.envFile,
        process: info.environment ?? [],
        taken: await takenBy(place.home, service),
      })),
    directory: resolve(base, info.workingDir ?? ''),
    owner: alive?.owner ?? serverFacts?.owner,
  }
}

/** The setting of a service as the file declares it, where no server runs or none knows the service. */
export async function fileSetting(service: string, place: Place): Promise<Setting> {
  const definition = await place.definition()
  const system = place.systemEnvironment()
  const declared = definition?.processes[service]
  if (definition === undefined || declared === undefined)
    return { environment: system, directory: place.stackRoot, owner: undefined }
  const environment = await layeredEnvironment({
    service,
    directory: definition.directory,
    dotEnv: declared.dotEnv,
    system,
    project: definition.environment,
    envFile: declared.envFile,
    process: declared.environment,
    taken: await takenBy(place.home, service),
  })
  return { environment, directory: resolve(definition.directory, declared.workingDirectory ?? ''), owner: undefined }
}

/** The environment a process was started with, as the kernel keeps it; only while it is what process-compose gave. */
function exactEnvironment(service: string, facts: ProcessFacts | undefined): Record<string, string> | undefined {
  // Some programs write their title over it: then the name that process-compose put there is gone.
  const name = facts?.environment?.['PC_PROC_NAME']
  if (name === undefined || !(service === name || service.startsWith(`${name}-`))) return undefined
  return facts?.environment
}

/** The server is the parent of what it runs. */
async function factsOfServer(states: readonly ProcessState[]): Promise<ProcessFacts | undefined> {
  const running = states.find((state) => state.is_running && state.pid > 0)
  if (running === undefined) return undefined
  const parent = (await processTable()).get(running.pid)?.parent ?? 1
  return parent > 1 ? processFacts(parent) : undefined
}
