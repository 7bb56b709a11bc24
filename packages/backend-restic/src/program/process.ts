import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Context } from '@angee/core'
import { execa } from 'execa'
import { type Ending, meaningOf } from './failure.ts'
import { hear, noSayings } from './stderr.ts'

/** A restic that runs. */
export interface ResticProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Settles when the process is gone and all it said was heard. Rejects only when it cannot be started. */
  readonly ended: Promise<Ending>
  /** Asks it to end as Ctrl-C does, so that it removes its lock and stores no snapshot; kills it when it does not. */
  interrupt(): void
}

export interface ResticStart {
  program: string
  words: readonly string[]
  environment: Readonly<Record<string, string>>
  directory: string
  /** Without it stdin is empty. */
  stdin: boolean
  /** For how many milliseconds restic may retry what the storage refuses, before it is interrupted. */
  patience: number
}

/** How long a restic that was asked to end may take to remove its lock. */
const grace = 5000
/** restic notices that it was asked to end only when what it reads says something, or ends. */
const stdinOutlives = 100
/** What waiting does not mend: restic would retry for a quarter of an hour. */
const hopeless = new Set(['SPACE_INSUFFICIENT', 'BACKEND_READ_ONLY', 'CREDENTIAL_WRONG'])

function isHopeless(trouble: string): boolean {
  return hopeless.has(meaningOf(trouble)?.code ?? '') || trouble.includes('not a directory')
}

/** Starts restic. It is interrupted when the signal aborts, and when retrying has no point any more. */
export function startRestic(start: ResticStart, ctx: Pick<Context, 'signal' | 'logger'>): ResticProcess {
  const command = start.words[0] ?? ''
  const child = execa(start.program, start.words, {
    cwd: start.directory,
    env: start.environment,
    extendEnv: false,
    stdin: start.stdin ? 'pipe' : 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    encoding: 'buffer',
    reject: false,
  })
  ctx.logger.debug(`restic ${command} started`, { pid: child.pid })
  let killing: NodeJS.Timeout | undefined
  let impatient: NodeJS.Timeout | undefined
  let gone = false
  const interrupt = (): void => {
    if (gone || killing !== undefined) return
    child.kill('SIGINT')
    killing = setTimeout(() => child.kill('SIGKILL'), grace)
    // Not at once: an end of file that comes first would make it store the half it has.
    setTimeout(() => child.stdin?.destroy(), stdinOutlives)
  }

  const sayings = noSayings()
  const hearing = (async () => {
    for await (const line of createInterface({ input: child.stderr })) {
      const trouble = hear(sayings, line)
      if (trouble === undefined) continue
      if (!trouble) {
        clearTimeout(impatient)
        impatient = undefined
        continue
      }
      ctx.logger.warn(`restic ${command} meets trouble and tries again`, { trouble: sayings.retrying })
      if (isHopeless(sayings.retrying ?? '')) interrupt()
      else impatient ??= setTimeout(interrupt, start.patience)
    }
  })()
  child.stdin?.on('error', () => undefined)
  ctx.signal.addEventListener('abort', interrupt, { once: true })
  if (ctx.signal.aborted) interrupt()

  const end = async (): Promise<Ending> => {
    try {
      const result = await child
      if (result.exitCode === undefined && result.signal === undefined && result.cause) throw result.cause
      await hearing
      return { command, exitCode: result.exitCode, signal: result.signal, sayings }
    } finally {
      gone = true
      clearTimeout(killing)
      clearTimeout(impatient)
      ctx.signal.removeEventListener('abort', interrupt)
    }
  }
  const ended = end()
  ended.catch(() => undefined)
  return { stdin: child.stdin as Writable, stdout: child.stdout as Readable, ended, interrupt }
}
