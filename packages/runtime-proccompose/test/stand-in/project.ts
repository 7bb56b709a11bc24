import type { Flags } from './flags.ts'
import { type Declared, fatal, type Loaded, load } from './load.ts'
import { StandInProcess } from './process.ts'

/** Processes under one roof. */
export interface Project {
  readonly files: string[]
  readonly processes: ReadonlyMap<string, StandInProcess>
  /** Starts what is not disabled. */
  run(): void
  /** Reads the files again; gives what was done to each process, or throws what is wrong with them. */
  reload(): Promise<Record<string, string>>
  /** Stops everything and ends the program. */
  shutDown(): Promise<void>
  onEnd(end: () => void): void
}

export function openProject(flags: Flags, log: (line: string) => void): Project {
  const [file = ''] = flags.files
  let loaded = read()
  const processes = new Map<string, StandInProcess>()
  const ends: (() => void)[] = []
  for (const [name, declared] of Object.entries(loaded.processes)) add(name, declared)

  function read(): Loaded {
    try {
      return load(file, flags.dotEnv)
    } catch (error) {
      return fatal(`Failed to load project: ${(error as Error).message}`)
    }
  }
  function add(name: string, declared: Declared): StandInProcess {
    const one = new StandInProcess(name, declared, loaded, (other) => processes.get(other), ended)
    processes.set(name, one)
    return one
  }
  async function remove(name: string): Promise<void> {
    const one = processes.get(name)
    if (one?.registered) await one.stopAndWait()
    processes.delete(name)
  }
  function ended(): void {
    if (flags.keepProject || [...processes.values()].some((one) => one.registered)) return
    end()
  }
  function end(): void {
    log('Thank you for using process-compose')
    for (const call of ends) call()
    process.exit(0)
  }

  return {
    files: flags.files,
    processes,
    run() {
      for (const one of processes.values()) if (!one.declared.disabled) one.start()
      ended()
    },
    async reload() {
      const next = load(file, flags.dotEnv)
      const status: Record<string, string> = {}
      for (const name of processes.keys()) {
        if (next.processes[name] !== undefined) continue
        await remove(name)
        status[name] = 'removed'
      }
      loaded = next
      for (const [name, declared] of Object.entries(next.processes)) {
        const before = processes.get(name)
        if (before !== undefined && compared(before.declared) === compared(declared)) continue
        await remove(name)
        const one = add(name, declared)
        if (!declared.disabled) one.start()
        status[name] = before === undefined ? 'added' : 'updated'
      }
      log(`reloaded: ${JSON.stringify(status)}`)
      return status
    },
    async shutDown() {
      const running = [...processes.values()].filter((one) => one.registered)
      const stop = async (one: StandInProcess): Promise<void> => {
        const dependents = running.filter(({ declared }) => declared.depends_on?.[one.name] !== undefined)
        if (flags.orderedShutdown) await Promise.all(dependents.map((other) => other.ended()))
        await one.stopAndWait()
      }
      await Promise.all(running.map(stop))
      end()
    },
    onEnd: (call) => void ends.push(call),
  }
}

/** What process-compose compares: of an entrypoint all but the first word, and not whether it reads `.env`. */
function compared({ entrypoint, is_dotenv_disabled: _, ...rest }: Declared): string {
  return JSON.stringify({ ...rest, args: entrypoint?.slice(1) })
}
