import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HookCommand, Runtime, StackDefinition, Workload } from '@angee/core'
import { testContext } from '@angee/testkit'
import { homeOf } from '../src/home.ts'
import { openProccompose } from '../src/runtime.ts'
import { stackVariable } from '../src/server/environment.ts'
import { readRecord } from '../src/server/record.ts'
import { onSocket } from '../src/supervisor/address.ts'
import { supervisor } from '../src/supervisor/supervisor.ts'
import type { ServerProgram } from './stack.ts'

/** A stack root whose process-compose file angee writes, and whose server it starts. */
export interface CompiledStack extends AsyncDisposable {
  root: string
  /** Opens the runtime, as another process of angee would. */
  open(more?: NodeJS.ProcessEnv): Runtime
  definition(workloads: readonly Workload[], secrets?: Readonly<Record<string, string>>): StackDefinition
  /** The pid of a service, as the server tells it. */
  pidOf(service: string): Promise<number>
  /** The pid of the server. */
  server(): number
  /** One line for each process that runs for the stack, found by nothing that the runtime itself writes down. */
  remains(): string[]
}

export async function compiledStack(program: ServerProgram, under = tmpdir()): Promise<CompiledStack> {
  const root = await realpath(await mkdtemp(join(under, 'angee-pc-')))
  const home = homeOf(root)
  const own = { ...process.env, PATH: program.path }
  const open = (more: NodeJS.ProcessEnv = {}) =>
    openProccompose({ options: { token_env: 'PC_API_TOKEN' }, stackRoot: root, services: [] }, { ...own, ...more })
  return {
    root,
    open,
    definition: (workloads, secrets = {}) => definitionOf(root, workloads, secrets),
    async pidOf(service) {
      const server = supervisor(onSocket(readRecord(home)?.socket ?? ''), undefined)
      return (await server.processes(testContext()))?.find(({ name }) => name === service)?.pid ?? 0
    },
    server: () => readRecord(home)?.process?.pid ?? 0,
    remains: () => processesOf(root),
    async [Symbol.asyncDispose]() {
      await open().down({ volumes: true }, testContext())
      await rm(root, { recursive: true, force: true })
    },
  }
}

export function definitionOf(
  stackRoot: string,
  workloads: readonly Workload[],
  secrets: Readonly<Record<string, string>> = {},
): StackDefinition {
  return {
    name: 'test',
    project: 'test-1',
    stackRoot,
    services: workloads.filter(({ kind }) => kind === 'service'),
    jobs: workloads.filter(({ kind }) => kind === 'job'),
    volumes: {},
    secrets: new Map(Object.entries(secrets).map(([name, value]) => [name, { variable: name, value }])),
  }
}

export function local(
  kind: Workload['kind'],
  name: string,
  command: HookCommand,
  more: Partial<Workload> = {},
): Workload {
  return { name, kind, runtime: 'local', command, env: {}, ports: [], mounts: [], dependsOn: [], engine: {}, ...more }
}

/** Whatever carries the stack's mark or names its root in its words; this process and its own are left out. */
function processesOf(root: string): string[] {
  return pids().flatMap((pid) => {
    const read = (what: string) => {
      try {
        return readFileSync(`/proc/${pid}/${what}`, 'utf8').split('\0')
      } catch {
        return []
      }
    }
    const words = read('cmdline')
    const marked = read('environ').includes(`${stackVariable}=${root}`)
    const alive = words.some((word) => word !== '')
    return alive && (marked || words.some((word) => word.includes(root))) ? [`${pid} ${words.join(' ')}`] : []
  })
}

/** One line for each process of this machine, with its words. A zombie has none. */
export function commandLines(): string[] {
  return pids()
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line !== '')
}

function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
}

/**
 * Runs one call of the runtime in a process of its own and kills that with SIGKILL, when it has written something or
 * after `milliseconds`.
 */
export async function killedDuring(
  call: { up: string[] } | { job: string } | { down: true },
  definition: StackDefinition,
  program: ServerProgram,
  milliseconds?: number,
): Promise<void> {
  const given = JSON.stringify({ call, definition: { ...definition, secrets: [...definition.secrets] } })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-call.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PATH: program.path },
  })
  child.stdin.end(given)
  const ended = once(child, 'exit')
  if (milliseconds === undefined) await Promise.race([once(child.stdout, 'data'), ended])
  else await new Promise((done) => setTimeout(done, milliseconds))
  child.kill('SIGKILL')
  await ended
}
