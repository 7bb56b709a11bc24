import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Behaviour,
  type EmptyStack,
  emits,
  exits,
  type FakeProgram,
  fakeRuntime,
  type RuntimeFixture,
  testContext,
} from '../src/index.ts'
import { ended, write } from '../src/runtime/fake/programs.ts'

/** A fake runtime whose commands do what the suite's behaviours say. */
export async function fakeRuntimeFixture(): Promise<RuntimeFixture> {
  const living = new Set<string>()
  const commands = (command: string | readonly string[]) => simulated(JSON.parse(String(command[1])), living)
  const runtime = fakeRuntime({
    services: {
      app: { commands, env: { PATH: '/bin' } },
      checked: { state: 'stopped', health: 'healthy' },
      failing: { state: 'absent', endsWith: 3 },
    },
  })
  return {
    runtime,
    service: 'app',
    checked: 'checked',
    failing: 'failing',
    user: 'nobody',
    workdir: '/srv',
    command: commandFor,
    processes: async () => [...living],
    async [Symbol.asyncDispose]() {},
  }
}

/** An empty stack root and a fake runtime that stands for its engine: whoever opens it gets the same one. */
export async function fakeEmptyStack(): Promise<EmptyStack> {
  const stackRoot = await mkdtemp(join(tmpdir(), 'angee-fake-'))
  const living = new Set<string>()
  const runtime = fakeRuntime({
    commands: (command) => simulated(JSON.parse(String(command[1])), living),
    jobs: (command) => {
      if (typeof command !== 'string') return simulated(JSON.parse(String(command[1])), living)
      return command === 'seed' ? exits(3) : undefined
    },
  })
  return {
    open: async () => runtime,
    definition: { name: 'shop', project: 'shop-1', stackRoot, services: [], jobs: [], volumes: {}, secrets: new Map() },
    workload: (kind, name, behaviour) => ({
      name,
      kind,
      runtime: 'container',
      command: commandFor(behaviour),
      env: {},
      ports: [],
      mounts: [],
      dependsOn: [],
      engine: {},
    }),
    instance: async (service) => `${runtime.made(service)} ${runtime.starts(service)}`,
    async remains() {
      const created = (await runtime.status(testContext())).filter(({ state }) => state !== 'absent')
      return [...created, ...runtime.running()].map(({ service }) => service)
    },
    processes: async () => [...living],
    workdir: '/srv',
    byHand: { file: 'fake.fake.json', text: '{ "services": ["mine"], "jobs": ["seed"] }' },
    [Symbol.asyncDispose]: () => rm(stackRoot, { recursive: true }),
  }
}

function commandFor(behaviour: Behaviour): string[] {
  return ['behave', JSON.stringify(behaviour, bytesAsNumbers)]
}

const bytesAsNumbers = (_key: string, value: unknown) => (value instanceof Uint8Array ? [...value] : value)

function simulated(behaviour: Behaviour, living: Set<string>): FakeProgram {
  switch (behaviour.does) {
    case 'exit':
      return async (process) => {
        await write(process, Uint8Array.from(behaviour.stdout ?? []))
        process.stderr(behaviour.stderr ?? '')
        return behaviour.code
      }
    case 'kill-itself':
      return () => ({ signal: 'SIGKILL' })
    case 'miss':
      return exits(127)
    case 'not-executable':
      return exits(126)
    case 'copy':
      return async (process) => {
        for await (const chunk of process.stdin) await write(process, chunk)
        return 0
      }
    case 'take':
      return async (process) => {
        let missing = behaviour.bytes
        for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
          await write(process, chunk.subarray(0, missing))
          missing -= Math.min(missing, chunk.length)
          if (missing === 0) break
        }
        return 0
      }
    case 'zeros':
      return emits(() => new Uint8Array(behaviour.bytes))
    case 'flood-stderr':
      return (process) => {
        for (let bytes = 0; bytes < behaviour.bytes; bytes += 1_000_000) process.stderr('a line\n'.repeat(150_000))
        process.stderr('last words\n')
        return 4
      }
    case 'flood-stderr-forever':
      return staying(behaviour.mark, living, (process) => process.stderr('a line of the flood\n'.repeat(1000)))
    case 'show-words':
      return emits(Buffer.from(behaviour.words.map((word) => `${word}\0`).join('')))
    case 'use-shell':
      return emits(Buffer.from('3 lines'))
    case 'show-variable':
      return (process) => emits(Buffer.from(process.env[behaviour.name] ?? 'unset'))(process)
    case 'show-user':
      return (process) => emits(Buffer.from(`${process.user}\n`))(process)
    case 'show-directory':
      return (process) => emits(Buffer.from(`${process.workdir}\n`))(process)
    case 'stay':
      return staying(behaviour.mark, living, () => undefined)
    case 'leave-behind':
      return emits(Buffer.from('all'))
  }
}

function staying(mark: string, living: Set<string>, meanwhile: (process: Parameters<FakeProgram>[0]) => void) {
  const program: FakeProgram = async (process) => {
    living.add(mark)
    await write(process, Buffer.from('ready\n'))
    while (!process.signal.aborted) {
      meanwhile(process)
      await Promise.race([wait(5), ended(process.signal)])
    }
    living.delete(mark)
    return { signal: 'SIGTERM' }
  }
  return program
}
