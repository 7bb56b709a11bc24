import { type ChildProcess, spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type { Context, ExecResult, ExecStreams, HookCommand } from '@angee/core'
import { AngeeError } from '@angee/core'
import { endGroup } from './group.ts'
import { deliver, feed, waitForOutput } from './pipes.ts'
import { tail } from './tail.ts'

/** Everything a command is started with. */
export interface Launch {
  command: HookCommand
  environment: Readonly<Record<string, string | undefined>>
  directory: string
  identity: { uid: number; gid: number } | Record<string, never>
  /** Called when the command itself has ended, for what it may have left running with its output open. */
  afterEnd?: (leader: number) => Promise<void>
}

/** Where the streams of a command go. Nothing of the caller's is ever ended. */
export type CommandStreams = ExecStreams & { stderr?: Writable }

/** Bytes of stderr that are kept. */
const stderrLimit = 64 * 1024

/**
 * Runs a command in a process group of its own. Resolves when it has ended and its output is delivered. On abort, and
 * when a stream of the caller breaks, the whole group is ended first, and then the call rejects with that reason.
 */
export async function runCommand(launch: Launch, io: CommandStreams, ctx: Context): Promise<ExecResult> {
  ctx.signal.throwIfAborted()
  await requireDirectory(launch.directory)
  const child = start(launch, io)
  const failure = await spawnFailure(child)
  if (failure !== undefined) return notStarted(launch, failure)

  const exited = exitOf(child)
  const stderr = tail(stderrLimit)
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk))
  const broken = Promise.withResolvers<never>()
  const onAbort = () => broken.reject(ctx.signal.reason)
  ctx.signal.addEventListener('abort', onAbort, { once: true })
  if (ctx.signal.aborted) onAbort()
  const input = feed(io.stdin, child.stdin, broken.reject)
  const output = deliver(child.stdout, io.stdout, broken.reject)
  const errors = deliver(child.stderr, io.stderr, broken.reject)
  const delivered = async () => {
    await waitForOutput(output, child.stderr, launch.command, ctx)
    if (io.stderr !== undefined) await waitForOutput(errors, null, launch.command, ctx)
  }
  try {
    const result = await Promise.race([exited, broken.promise])
    await launch.afterEnd?.(child.pid ?? 0)
    await Promise.race([delivered(), broken.promise])
    // What a failed hook has left in the background must not go on writing while its failure is dealt with.
    if (result.exitCode !== 0) await endGroup(child.pid ?? 0, ctx)
    return { ...result, stderrTail: stderr.text() }
  } catch (error) {
    await endGroup(child.pid ?? 0, ctx)
    throw error
  } finally {
    ctx.signal.removeEventListener('abort', onAbort)
    input.release()
    output.release()
    errors.release()
    child.stderr?.destroy()
  }
}

function start({ command, environment, directory, identity }: Launch, io: CommandStreams): ChildProcess {
  const [program = '', ...words] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  return spawn(program, words, {
    cwd: directory,
    env: { ...environment },
    detached: true,
    stdio: [io.stdin === undefined ? 'ignore' : 'pipe', io.stdout === undefined ? 'ignore' : 'pipe', 'pipe'],
    ...identity,
  })
}

function exitOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((done) => child.once('exit', (exitCode, signal) => done({ exitCode, signal })))
}

function spawnFailure(child: ChildProcess): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    child.once('spawn', () => done(undefined))
    child.once('error', done)
  })
}

/** A program that is not there, or may not be run, ends the way a shell reports it. */
function notStarted({ command, directory }: Launch, failure: NodeJS.ErrnoException): ExecResult {
  const program = typeof command === 'string' ? '/bin/sh' : (command[0] ?? '')
  if (failure.code === 'ENOENT') return { exitCode: 127, signal: null, stderrTail: `${program}: not found\n` }
  if (failure.code === 'EACCES') return { exitCode: 126, signal: null, stderrTail: `${program}: permission denied\n` }
  throw new AngeeError('RUNTIME_FAILED', `${program} cannot be started: ${failure.message}`, {
    hint: 'Run the command by hand to see why.',
    context: { program, directory },
    cause: failure,
  })
}

async function requireDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new AngeeError('RUNTIME_FAILED', `the working directory ${directory} does not exist`, {
    hint: 'Make it, or correct working_dir of the process or workdir of the hook.',
    context: { directory },
  })
}
