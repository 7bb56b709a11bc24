import { spawn } from 'node:child_process'
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prompt } from './words.ts'

const workspace = fileURLToPath(new URL('../..', import.meta.url))

/** A directory for one stack, and a shell in it that knows `angee` and this Node. Removed when disposed. */
export interface Playground extends AsyncDisposable {
  /** The stack's directory. */
  readonly directory: string
  /** Copies one of examples/stacks into the directory. */
  copyExample(name: string): Promise<void>
  /** Shows a command, then runs it in a shell with its output shown. Throws when it fails. */
  type(command: string): Promise<void>
  /** Runs a command without showing it and gives what it wrote to stdout. Throws when it fails. */
  ask(command: string): Promise<string>
  /** Has `action` run before the directory is removed. */
  atEnd(action: () => Promise<unknown>): void
}

export async function openPlayground(signal: AbortSignal): Promise<Playground> {
  // The name becomes that of the Compose project: two demos at once must not meet.
  const directory = await mkdtemp(join(tmpdir(), 'angee-demo-'))
  const bin = await mkdtemp(join(tmpdir(), 'angee-demo-bin-'))
  await makeCommands(bin)
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }
  const lastActions: (() => Promise<unknown>)[] = []

  return {
    directory,
    copyExample: (name) => cp(join(workspace, 'examples', 'stacks', name), directory, { recursive: true }),
    type: async (command) => {
      signal.throwIfAborted()
      prompt(command)
      await shell(command, 'inherit', directory, env)
      signal.throwIfAborted()
    },
    ask: (command) => shell(command, 'pipe', directory, env),
    atEnd: (action) => void lastActions.unshift(action),
    [Symbol.asyncDispose]: async () => {
      for (const action of lastActions) await action().catch(() => undefined)
      for (const one of [directory, bin]) await rm(one, { recursive: true, force: true })
    },
  }
}

/** Makes `angee` and `node` commands, so that what is shown is what is run. */
async function makeCommands(bin: string): Promise<void> {
  const main = join(workspace, 'packages', 'cli', 'dist', 'main.js')
  await symlink(process.execPath, join(bin, 'node'))
  await writeFile(join(bin, 'angee'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  await chmod(join(bin, 'angee'), 0o755)
}

async function shell(
  command: string,
  output: 'inherit' | 'pipe',
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const child = spawn('/bin/sh', ['-c', command], { cwd, env, stdio: ['ignore', output, 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...end) => resolve(end))
  })
  if (code !== 0) throw new Error(`"${command}" ended with ${code ?? killedBy}`)
  return Buffer.concat(chunks).toString()
}
