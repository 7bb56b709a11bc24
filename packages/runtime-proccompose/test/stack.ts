import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Runtime } from '@angee/core'
import { provisionedFact, testContext } from '@angee/testkit'
import { openProccompose } from '../src/runtime.ts'

/** How a server is started: the real one or its stand-in. */
export interface ServerProgram {
  program: string
  /** `PATH` with which it is found under its own name. */
  path: string
}

/** The stand-in is a script of the Node that runs the tests. */
export const standIn: ServerProgram = inPath(join(import.meta.dirname, 'stand-in', 'bin'))
export const realProgram: ServerProgram = inPath(dirname(provisionedFact('PROCESS_COMPOSE') ?? ''))

function inPath(directory: string): ServerProgram {
  const path = [directory, dirname(process.execPath), process.env['PATH'] ?? ''].filter((one) => one !== '.')
  return { program: 'process-compose', path: path.join(delimiter) }
}

export interface TestStack extends AsyncDisposable {
  root: string
  runtime: Runtime
  server: ChildProcess
}

export interface StackOptions {
  program: ServerProgram
  /** The process-compose file. ROOT stands for the stack root. */
  file: string
  services?: string[]
  keepProject?: boolean
  token?: string
  /** A shell script at ROOT/script.sh: commands in the file itself cannot hold a `$`, which process-compose expands. */
  script?: string
  /** Further environment of the server. */
  environment?: Record<string, string>
}

/** A stack in a temporary directory with a server that answers. */
export async function startStack({
  program,
  file,
  services = [],
  keepProject = true,
  ...rest
}: StackOptions): Promise<TestStack> {
  const root = await emptyStack()
  const path = join(root, 'process-compose.yaml')
  const socket = join(root, 'pc.sock')
  await writeFile(path, file.replaceAll('ROOT', root))
  if (rest.script !== undefined) await writeFile(join(root, 'script.sh'), rest.script)
  const token = rest.token === undefined ? {} : { PC_API_TOKEN: rest.token }
  const keep = keepProject ? ['--keep-project'] : []
  const log = join(root, 'server.log')
  const server = spawn(program.program, ['up', '-t=false', ...keep, '-L', log, '-U', '-u', socket, '-f', path], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, PATH: program.path, ...rest.environment, ...token },
  })
  const runtime = openProccompose(
    { options: { socket, token_env: 'PC_API_TOKEN' }, stackRoot: root, services },
    { ...process.env, ...token },
  )
  // A socket shows before anybody listens on it.
  await until(async () => (await runtime.preflight(testContext())).version !== 'not running')
  return {
    root,
    server,
    runtime,
    async [Symbol.asyncDispose]() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGTERM')
        await new Promise((done) => server.once('exit', done))
      }
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** A temporary directory for a stack without a server. */
export async function emptyStack(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'angee-pc-')))
}

/** Looks every 20 ms until `holds`; the test's own time limit ends a wait that is in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(20)
}
