import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run } from './angee.ts'
import { type HookBlock, type LocalStack, localStack } from './local-stack.ts'

/** A stack whose services are containers that do nothing by themselves: their data is a file in `store`. */
export interface ContainerStack extends LocalStack {
  compose(...args: string[]): Promise<string>
  /** `running`, `paused`, `exited` … by service. */
  states(): Promise<Record<string, string>>
}

/** Makes the stack with one container for each of `hooks`, and starts them. */
export async function containerStack(hooks: Record<string, HookBlock>): Promise<ContainerStack> {
  const parent = await mkdtemp(join(tmpdir(), 'angee-container-'))
  const root = join(parent, `stack-${randomBytes(4).toString('hex')}`)
  await mkdir(root)
  const content = { root, runtime: 'container' as const, persist: { app: './data', store: './store' } }
  const stack = await localStack({ ...content, hooks, files: { 'data/file': 'kept', 'store/db': 'rows' } })
  const service = {
    image: 'angee-test/base:trixie',
    command: ['sleep', 'infinity'],
    init: true,
    working_dir: '/work',
    volumes: ['./store:/work/store', './data:/work/data'],
    stop_grace_period: '0s',
  }
  const services = Object.fromEntries(Object.keys(hooks).map((name) => [name, service]))
  await writeFile(join(root, 'docker-compose.yaml'), JSON.stringify({ services }))
  const compose = (...args: string[]): Promise<string> => must('docker', ['compose', ...args], root)
  await compose('up', '-d', '--wait')
  return {
    ...stack,
    compose,
    states: async () => {
      const lines = await compose('ps', '-a', '--format', '{{.Service}} {{.State}}')
      return Object.fromEntries(
        lines
          .trim()
          .split('\n')
          .map((line) => line.split(' ')),
      )
    },
    [Symbol.asyncDispose]: async () => {
      await run('docker', ['compose', 'unpause'], root)
      await run('docker', ['compose', 'down', '-v', '-t', '0'], root)
      await stack[Symbol.asyncDispose]()
      await rm(parent, { recursive: true, force: true })
    },
  }
}
