import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { treeTools } from '@angee/archive'
import {
  defineRuntime,
  nodeFiles,
  openStack,
  type Runtime,
  registerRuntime,
  type Stack,
  type StackOpening,
} from '@angee/core'
import { testContext } from '@angee/testkit'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

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

const manifest = `name: shop
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
`

export interface TestStack {
  root: string
  opening: StackOpening
  open(): Promise<Stack>
  write(files: Record<string, string>): Promise<void>
  /** What serves a kind of service there. */
  give(kind: 'container' | 'local', runtime: Runtime): void
}

/** A stack of two directories below a temporary one that is removed after the test. */
export async function makeStack(files: Record<string, string> = {}): Promise<TestStack> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'angee-op-')))
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 3 }))
  const write = async (all: Record<string, string>): Promise<void> => {
    for (const [path, content] of Object.entries(all)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
    }
  }
  await write({
    'angee.yaml': manifest,
    'data/app/one.txt': 'one\n',
    'data/uploads/picture.bin': 'x'.repeat(10_000),
    ...files,
  })
  const opening = openingOf(root)
  return {
    root,
    opening,
    open: () => openStack(opening, testContext()),
    write,
    give: (kind, runtime) => void given.set(`${root}:${kind}`, runtime),
  }
}

function openingOf(root: string): StackOpening {
  return {
    directory: root,
    from: root,
    trees: treeTools,
    files: nodeFiles,
    loadBackend: async () => void (await import('@angee/backend-localfs/register')),
    loadRuntime: async () => undefined,
    tool: { name: 'angee', version: '0.0.0' },
  }
}
