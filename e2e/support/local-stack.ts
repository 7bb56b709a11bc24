import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CatalogRecord } from '@angee/core'
import { describeTree } from '@angee/testkit'
import { angeeJson, type Run } from './angee.ts'
import { startAngee } from './angee-process.ts'
import { endMarked, processesMarked } from './processes.ts'

/** A stack of files and, where hooks are given, of `runtime: local` services with no supervisor behind them. */
export interface LocalStack extends AsyncDisposable {
  root: string
  /** In the environment of every process that a command of this stack starts. */
  mark: string
  angee(args: string[], env?: Record<string, string>): Promise<Run>
  /** Replaces the hooks in the manifest and leaves the rest. */
  declare(hooks: Record<string, HookBlock>): Promise<void>
  snapshots(): Promise<CatalogRecord[]>
  /** Processes of this stack that still run. */
  processes(): Promise<string[]>
  /** What an operation may not leave behind: bytes of no snapshot, journals, staging, the name of a lock's holder. */
  leftovers(): Promise<string[]>
  /** All files of the stack with everything that can be seen of them, but for its snapshots and its state. */
  look(): Promise<string[]>
}

export type HookBlock = Record<string, unknown>

export interface LocalStackContent {
  /** Name to subpath; `{ app: './data' }` when absent. */
  persist?: Record<string, string>
  /** By service name. */
  hooks?: Record<string, HookBlock>
  /** Path to content, below the root. */
  files?: Record<string, string | Buffer>
  /** Where the stack shall lie; a new temporary directory when absent. */
  root?: string
  /** What runs its services; `local` when absent. */
  runtime?: 'local' | 'container'
  /** Where its snapshots go; `backups` below the root when absent. */
  backups?: string
}

/** Makes the stack. Disposing it ends what its commands left running and removes its directory. */
export async function localStack(content: LocalStackContent): Promise<LocalStack> {
  const root = content.root ?? (await mkdtemp(join(tmpdir(), 'angee-local-')))
  const mark = `angee-mark-${randomUUID()}`
  await mkdir(join(root, 'data'), { recursive: true })
  await writeManifest(root, content)
  for (const [path, bytes] of Object.entries(content.files ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  return {
    root,
    mark,
    angee: (args, env = {}) => startAngee(root, args, { ANGEE_TEST_MARK: mark, ...env }).ended,
    declare: (hooks) => writeManifest(root, { ...content, hooks }),
    snapshots: () => angeeJson<CatalogRecord[]>(root, ['stack', 'backup', 'ls']),
    processes: () => processesMarked(mark),
    leftovers: () => leftovers(root, content.backups ?? join(root, 'backups')),
    look: async () => (await describeTree(root)).filter((line) => !/^(run|backups)[/ ]/.test(line)),
    [Symbol.asyncDispose]: async () => {
      await endMarked(mark)
      await rm(root, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Writes or replaces the manifest. JSON is YAML. */
export async function writeManifest(
  root: string,
  { persist = { app: './data' }, hooks = {}, backups, runtime = 'local' }: LocalStackContent,
): Promise<void> {
  const manifest = {
    name: 'local',
    ...(backups === undefined ? {} : { backup_backend: { type: 'localfs', path: backups } }),
    persist: Object.fromEntries(Object.entries(persist).map(([name, subpath]) => [name, { subpath }])),
    services: Object.fromEntries(Object.entries(hooks).map(([name, backup]) => [name, { runtime, backup }])),
  }
  await writeFile(join(root, 'angee.yaml'), JSON.stringify(manifest, undefined, 1))
}

/** The hook of a service whose data is the file `db`, kept below `store`. */
export const fileHook = {
  dump: 'cat store/db',
  restore: 'cat > store/incoming && mv store/incoming store/db',
}

async function leftovers(root: string, backups: string): Promise<string[]> {
  const snapshots = await below(join(backups, 'snapshots'))
  const committed = snapshots.filter((path) => path.endsWith('/manifest.json')).map((path) => dirname(path))
  const orphans = snapshots.filter((path) => !committed.some((id) => path.startsWith(`${id}/`)))
  const incoming = (await below(backups)).filter((path) => /\.incoming~/.test(path))
  const state = await Promise.all(['journal', 'staging'].map((name) => below(join(root, 'run', 'backup', name))))
  const lock = await readFile(join(root, 'run', 'backup', 'lock'), 'utf8').catch(() => '')
  return [...orphans, ...incoming, ...state.flat(), ...(lock === '' ? [] : [`lock: ${lock}`])]
}

async function below(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
}
