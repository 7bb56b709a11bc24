import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import type { Home } from '../home.ts'
import { stillAlive } from '../leftovers/end.ts'
import { type ProcessEntry, processTable } from '../processes/table.ts'
import { onSocket } from '../supervisor/address.ts'
import { type Supervisor, supervisor } from '../supervisor/supervisor.ts'
import { highestInheritable } from './descriptors.ts'
import { requireProgram } from './program.ts'
import { readRecord, type ServerRecord, writeRecord } from './record.ts'
import { socketFor } from './socket.ts'

export interface ServerStart {
  /** The file it runs. */
  file: string
  /** Where it runs. */
  directory: string
  /** Where it shall listen, if that path is not too long. */
  socket: string
  /** Whether the file is angee's own: then a `.env` beside it is none of its business. */
  compiled: boolean
  environment: Readonly<Record<string, string>>
  /** Remembered with it. */
  byHand?: string
}

/** Milliseconds. It answers within a fraction of a second, or something is wrong. */
const patience = 30_000

/**
 * Starts a server in a session of its own and resolves when it answers. It starts no process by itself, and outlives us.
 * The caller holds the stack's server lock. RUNTIME_UNAVAILABLE when it is not installed or never answers,
 * RUNTIME_FAILED with its own words when it ends.
 */
export async function startServer(
  start: ServerStart,
  home: Home,
  own: NodeJS.ProcessEnv,
  ctx: Context,
): Promise<Supervisor> {
  const program = requireProgram(own)
  for (const directory of [home.logs, home.services, home.jobs]) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  }
  const former = readRecord(home)?.madeFor
  if (former !== undefined) await rm(former, { recursive: true, force: true })
  const place = await socketFor(start.socket)
  const known = { ...place, ...(start.byHand === undefined ? {} : { byHand: start.byHand }) }
  // Written first: if we die with the server just started, the next command knows where to look.
  await writeRecord(home, known)
  const errors = join(home.logs, 'process-compose.stderr.log')
  const child = spawnServer(program, start, place.socket, home, errors)
  const ended = endOf(child)
  await rememberProcess(home, known, child)
  const server = supervisor(onSocket(place.socket), undefined)
  const giveUpAt = ctx.clock.now() + patience
  try {
    while (!(await answers(server, ended, errors, ctx))) {
      if (ctx.clock.now() >= giveUpAt) throw silent(child, place.socket, home)
      await ctx.clock.sleep(50, ctx.signal)
    }
  } finally {
    child.unref()
  }
  return server
}

function silent(child: ChildProcess, socket: string, { logs }: Home): AngeeError {
  child.kill('SIGKILL')
  return new AngeeError('RUNTIME_UNAVAILABLE', `process-compose does not answer at ${socket}`, {
    hint: `Look into ${logs}/process-compose.log.`,
    retry: 'later',
  })
}

/** Waits for nothing: true when it answers. RUNTIME_FAILED when it has ended. */
async function answers(server: Supervisor, ended: { how?: string }, errors: string, ctx: Context): Promise<boolean> {
  if (ended.how !== undefined) {
    const words = (await readFile(errors, 'utf8').catch(() => '')).trim().slice(-2000)
    throw new AngeeError(
      'RUNTIME_FAILED',
      `process-compose ended at once, ${ended.how}: ${words || 'it said nothing'}`,
      {
        hint: `Look into ${dirname(errors)}/process-compose.log.`,
      },
    )
  }
  return (await server.project(ctx)) !== undefined
}

function spawnServer(program: string, start: ServerStart, socket: string, home: Home, errors: string): ChildProcess {
  const words = ['up', '-t=false', '--keep-project', '--ordered-shutdown', '-U', '-u', socket, '-f', start.file]
  const log = ['-L', join(home.logs, 'process-compose.log')]
  const nothing = openSync('/dev/null', 'r+')
  // It prints what every process prints, which goes to their own logs already.
  const stderr = openSync(errors, 'w', 0o600)
  try {
    return spawn(program, [...words, ...log, ...(start.compiled ? ['--disable-dotenv'] : [])], {
      cwd: start.directory,
      env: start.environment,
      detached: true,
      stdio: ['ignore', 'ignore', stderr, ...Array(highestInheritable() - 2).fill(nothing)],
    })
  } finally {
    closeSync(nothing)
    closeSync(stderr)
  }
}

function endOf(child: ChildProcess): { how?: string } {
  const ended: { how?: string } = {}
  child.once('error', (error) => {
    ended.how = error.message
  })
  child.once('exit', (code, signal) => {
    ended.how = signal === null ? `exit code ${code}` : signal
  })
  return ended
}

async function rememberProcess(home: Home, known: ServerRecord, { pid }: ChildProcess): Promise<void> {
  const started = pid === undefined ? undefined : (await processTable()).get(pid)?.started
  if (pid !== undefined && started !== undefined) await writeRecord(home, { ...known, process: { pid, started } })
}

/** The server that angee started, as long as it lives, whether it answers or not. */
export async function livingServer(home: Home): Promise<ProcessEntry | undefined> {
  const known = readRecord(home)?.process
  return known === undefined ? undefined : (await stillAlive([known]))[0]
}
