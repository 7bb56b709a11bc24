import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { treeTools } from '@angee/archive'
import { type FakeRuntime, type FakeRuntimeOptions, fakeRuntime, fakeWorld, testContext } from '@angee/testkit'
import { z } from 'zod'
import {
  defineRuntime,
  nodeFiles,
  openStack,
  type Runtime,
  registerBackend,
  registerRuntime,
  type Stack,
} from '../../src/index.ts'
import { temporary } from './stack.ts'

const given = new Map<string, Runtime>()

for (const serves of ['container', 'local'] as const) {
  registerRuntime(
    defineRuntime({
      contract: 1,
      type: `fake-${serves}`,
      serves,
      options: z.looseObject({}),
      open: async ({ stackRoot }) => {
        const runtime = given.get(`${stackRoot}:${serves}`)
        if (!runtime) throw new Error(`no test has given a runtime for ${stackRoot}`)
        return runtime
      },
    }),
  )
}

const { default: localfs } = await import('../../../backend-localfs/src/index.ts')
registerBackend(localfs)

/** What serves a kind of service in the stack at `root`. */
export function giveRuntime(root: string, kind: 'container' | 'local', runtime: Runtime): void {
  given.set(`${root}:${kind}`, runtime)
}

export interface FakeStack {
  stack: Stack
  root: string
  container: FakeRuntime
  local: FakeRuntime
  /** The calls that start, stop and run something, as `up db`, in their order, of both runtimes. */
  steps(): string[]
}

/** A stack whose services run on two fakes that know of each other. `files` beside its manifest. */
export async function fakeStack(
  manifest: string,
  options: Pick<FakeRuntimeOptions, 'services' | 'jobs' | 'fault'> = {},
  files: Readonly<Record<string, string>> = {},
  root?: string,
): Promise<FakeStack> {
  const directory = root ?? (await temporary())
  for (const [path, content] of Object.entries({ 'angee.yaml': manifest, ...files })) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  const world = fakeWorld()
  const container = fakeRuntime({ ...options, services: absent(options.services), world, type: 'fake-container' })
  const local = fakeRuntime({ ...options, services: {}, world, serves: 'local', type: 'fake-local' })
  given.set(`${directory}:container`, container)
  given.set(`${directory}:local`, local)
  const stack = await openFakeStack(directory)
  const steps = () =>
    world.calls.filter(({ call }) => call !== 'prepare').map(({ call, service }) => `${call} ${service}`)
  return { stack, root: directory, container, local, steps }
}

/** Opens a stack made by {@link fakeStack} once more, as another command would. */
export function openFakeStack(directory: string): Promise<Stack> {
  const opening = {
    directory,
    from: directory,
    trees: treeTools,
    files: nodeFiles,
    loadBackend: async () => undefined,
    loadRuntime: async () => undefined,
    tool: { name: 'angee', version: '0.0.0' },
  }
  return openStack(opening, testContext())
}

/** Services that nothing runs yet, unless told otherwise. */
function absent(services: FakeRuntimeOptions['services'] = {}): NonNullable<FakeRuntimeOptions['services']> {
  return Object.fromEntries(Object.entries(services).map(([name, told]) => [name, { state: 'absent', ...told }]))
}
