import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fakeRuntime } from '@angee/testkit'
import type { TestStack } from './stack.ts'
import { makeStack } from './stack.ts'

const manifest = `name: shop
persist:
  app: { subpath: ./data/app }
services:
  db:
    runtime: container
    backup: { dump: dump, restore: restore, before: before, after: after }
`

export interface SlowStack extends TestStack {
  /** Lets every dump end that waits, and those that come. */
  go(): void
  /** Resolves when a dump has begun. */
  begun: Promise<void>
  /** What has been done inside the service, in its order. */
  calls: string[]
}

/** A stack with a service whose dump waits until it is told to go on. */
export async function slowStack(dump = 'rows'): Promise<SlowStack> {
  const stack = await makeStack()
  await writeFile(join(stack.root, 'angee.yaml'), manifest)
  const waiting = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const calls: string[] = []
  const quick = (name: string) => async (): Promise<number> => {
    calls.push(name)
    return 0
  }
  stack.give(
    'container',
    fakeRuntime({
      type: 'fake-container',
      services: {
        db: {
          commands: {
            before: quick('before'),
            after: quick('after'),
            restore: quick('restore'),
            dump: async ({ stdout, signal }) => {
              calls.push('dump')
              begun.resolve()
              await Promise.race([
                waiting.promise,
                new Promise((_, reject) => signal.addEventListener('abort', reject)),
              ])
              stdout.write(dump)
              return 0
            },
          },
        },
      },
    }),
  )
  return { ...stack, go: () => waiting.resolve(), begun: begun.promise, calls }
}
