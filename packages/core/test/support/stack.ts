import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { testContext } from '@angee/testkit'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import {
  type BackupBackend,
  defineBackend,
  nodeFiles,
  openStack,
  registerBackend,
  type Stack,
} from '../../src/index.ts'

const given = new Map<string, BackupBackend>()

registerBackend(
  defineBackend({
    contract: 1,
    type: 'given',
    options: z.strictObject({ key: z.string() }),
    open: async ({ options }) => {
      const backend = given.get(options.key)
      if (!backend) throw new Error(`no test has given ${options.key}`)
      return { ...backend, type: 'given', location: locationOf(backend), [Symbol.asyncDispose]: async () => undefined }
    },
  }),
)

/** Each backend is a place of its own, though all of them lie in memory. */
const places: BackupBackend[] = []

export function locationOf(backend: BackupBackend): string {
  if (!places.includes(backend)) places.push(backend)
  return `place ${places.indexOf(backend)}`
}

/** A directory that is removed after the test. */
export async function temporary(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'angee-core-')))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** An open stack whose own backend and further ones are these. The name `default` is that of its own. */
export async function stackWith(backends: Record<string, BackupBackend>, rest = ''): Promise<Stack> {
  const root = await temporary()
  const declared = Object.entries(backends).map(([name, backend]) => {
    const key = `${root}/${name}`
    given.set(key, backend)
    return [name, JSON.stringify({ type: 'given', key })] as const
  })
  const further = declared.filter(([name]) => name !== 'default').map(([name, place]) => `${name}: ${place}`)
  const own = declared.find(([name]) => name === 'default')?.[1] ?? '{ type: localfs }'
  const manifest = `name: shop\nbackup_backend: ${own}\nbackup: { backends: { ${further.join(', ')} } }\n${rest}`
  await writeFile(join(root, 'angee.yaml'), manifest)
  const opening = {
    directory: root,
    from: root,
    trees: treeTools,
    files: nodeFiles,
    loadBackend: async () => undefined,
    loadRuntime: async () => undefined,
    tool: { name: 'angee', version: '0.0.0' },
  }
  return openStack(opening, testContext())
}
