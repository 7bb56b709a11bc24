import { setTimeout as wait } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'
import { must, type Outcome, type RecipeService, runProgram } from './recipe.ts'

/** Where hooks can be run beside a server, as angee would run them. */
export interface Place extends AsyncDisposable {
  /** Runs a shell command where the service runs, with the environment of the service. */
  shell(command: string, input?: Buffer, environment?: Record<string, string>): Promise<Outcome>
}

export interface ContainerPlace extends Place {
  /** Ends the server as a machine that loses its power does, and starts it again. */
  crash(): Promise<void>
}

/** What scripts/provision wrote down under that key. */
export function provisioned(key: string): string {
  const value = provisionedFact(key)
  if (value === undefined) throw new Error(`scripts/provision has not written ${key}`)
  return value
}

let places = 0

/** A container with the environment of the service, which runs `argv`; what is in `tmpfs` does not outlive a crash. */
export async function containerPlace(
  image: string,
  { env }: Pick<RecipeService, 'env'>,
  argv: readonly string[],
  { tmpfs = [] }: { tmpfs?: readonly string[] } = {},
): Promise<ContainerPlace> {
  places += 1
  const name = `angee-recipe-${process.pid}-${places}`
  const settings = [...flags(env), ...tmpfs.flatMap((directory) => ['--tmpfs', directory])]
  await must(runProgram(['docker', 'run', '-d', '--name', name, ...settings, image, ...argv]))
  return {
    shell: (command, input, environment = {}) =>
      runProgram(['docker', 'exec', '-i', ...flags(environment), name, '/bin/sh', '-c', command], input),
    crash: async () => {
      await must(runProgram(['docker', 'kill', name]))
      await must(runProgram(['docker', 'start', name]))
    },
    [Symbol.asyncDispose]: async () => void (await runProgram(['docker', 'rm', '-f', '-v', name])),
  }
}

function flags(environment: Record<string, string>): string[] {
  return Object.entries(environment).flatMap(([key, value]) => ['-e', `${key}=${value}`])
}

/** Waits until `command` succeeds there. */
export async function until(place: Place, command: string): Promise<void> {
  let last: Outcome | undefined
  for (let tries = 0; tries < 300; tries += 1) {
    last = await place.shell(command)
    if (last.code === 0) return
    await wait(200)
  }
  throw new Error(`${command} never succeeded: ${last?.stderr}`)
}

/** Runs `client` on `input` there, again and again, until it is told to stop. */
export function writeUntilStopped(place: Place, client: string, input: string): { stop(): Promise<void> } {
  const loop = `cat >/tmp/writes; while [ ! -e /tmp/stop ]; do ${client} </tmp/writes >/dev/null || exit 1; done; rm /tmp/stop`
  const writing = must(place.shell(loop, Buffer.from(input)))
  writing.catch(() => undefined) // stop() tells
  return {
    stop: async () => {
      await must(place.shell('touch /tmp/stop'))
      await writing
    },
  }
}
