import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StackDefinition } from '@angee/core'
import { type EmptyStack, shellCommand, testContext } from '@angee/testkit'
import compose from '../src/index.ts'
import type { ComposeOptions } from '../src/options.ts'
import { image } from './stack.ts'

const run = promisify(execFile)

export async function docker(...words: string[]): Promise<string> {
  return (await run('docker', words, { maxBuffer: 1 << 26 })).stdout
}

/** What the engine holds of a project, one line each. */
export async function remainsOf(project: string): Promise<string[]> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`]
  const lists = await Promise.all([
    docker('ps', '--all', ...filter, '--format', 'container {{.Names}}'),
    docker('network', 'ls', ...filter, '--format', 'network {{.Name}}'),
    docker('volume', 'ls', ...filter, '--format', 'volume {{.Name}}'),
  ])
  return lists.flatMap((text) => text.split('\n')).filter(Boolean)
}

/** Removes all of it, whatever the state of files. */
export async function removeProject(project: string): Promise<void> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`]
  const ids = async (...words: string[]) => (await docker(...words, '--quiet', ...filter)).split('\n').filter(Boolean)
  const containers = await ids('ps', '--all')
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers)
  for (const what of ['network', 'volume']) {
    const names = await ids(what, 'ls')
    if (names.length > 0) await docker(what, 'rm', ...names)
  }
}

/** An empty stack root with a project of its own. */
export async function emptyStack(options: ComposeOptions = {}, name = 'suite'): Promise<EmptyStack> {
  const stackRoot = await realpath(await mkdtemp(join(tmpdir(), 'angee-compose-')))
  const project = `angee-test-${randomBytes(5).toString('hex')}`
  const definition: StackDefinition = {
    name,
    project,
    stackRoot,
    services: [],
    jobs: [],
    volumes: {},
    secrets: new Map(),
  }
  return {
    open: () => compose.open({ options, stackRoot, services: [] }, testContext()),
    definition,
    workload: (kind, workloadName, behaviour) => ({
      name: workloadName,
      kind,
      runtime: 'container',
      image,
      command: shellCommand(behaviour),
      env: {},
      ports: [],
      mounts: [],
      dependsOn: [],
      engine: { init: true },
    }),
    instance: async (service) => instanceOf(project, service),
    remains: () => remainsOf(project),
    processes: async () => processesHere(),
    workdir: '/var/tmp',
    byHand: {
      file: 'compose.yaml',
      text: `name: ${project}
services:
  mine: { image: ${image}, command: sleep infinity, init: true }
  seed: { image: ${image}, command: sh -c 'exit 3', profiles: [seeds] }
`,
    },
    killDuringJob: (job, all) => killDuringJob(job, all),
    async [Symbol.asyncDispose]() {
      await removeProject(project)
      await rm(stackRoot, { recursive: true })
    },
  }
}

/** The container of a service and when it was started. */
export async function instanceOf(project: string, service: string): Promise<string> {
  const labels = { project, service, oneoff: 'False' }
  const filters = Object.entries(labels).flatMap(([key, value]) => [
    '--filter',
    `label=com.docker.compose.${key}=${value}`,
  ])
  const ids = (await docker('ps', '--all', '--quiet', '--no-trunc', ...filters)).split('\n').filter(Boolean)
  if (ids.length === 0) return 'none'
  return (await docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', ...ids)).trim()
}

async function killDuringJob(job: string, definition: StackDefinition): Promise<void> {
  const program = join(import.meta.dirname, 'job-of-a-process.ts')
  const secrets = [...definition.secrets]
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify({ job, definition: { ...definition, secrets } }))
  const written = once(child.stdout, 'data').then(() => true)
  const exited = once(child, 'exit')
  if (!(await Promise.race([written, exited.then(() => false)]))) throw new Error('the job was never started')
  child.kill('SIGKILL')
  await exited
}

/** Words of the processes of this machine, those in containers included; a zombie has none. */
export function processesHere(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line !== '')
}
