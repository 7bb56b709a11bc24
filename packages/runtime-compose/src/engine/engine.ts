import { existsSync, realpathSync } from 'node:fs'
import type { Context } from '@angee/core'
import { execa } from 'execa'
import { engineError, missingDirectory, missingDocker } from './errors.ts'

/**
 * The Docker client, started in the stack root. Words go to it as they are: no shell is involved. `environment` is what
 * it is given besides its own, such as the secrets that a Compose file needs.
 */
export interface Engine {
  /** Runs the client to its end. Rejects with RUNTIME_UNAVAILABLE or RUNTIME_FAILED when it says no. */
  call(words: readonly string[], ctx: Pick<Context, 'signal'>, environment?: Environment): Promise<string>
  /** Runs the client to its end and gives whatever it says. RUNTIME_UNAVAILABLE when it cannot be started. */
  ask(words: readonly string[], ctx: Pick<Context, 'signal'>, environment?: Environment): Promise<Answer>
  /** Starts the client with its streams open. */
  spawn(words: readonly string[], environment?: Environment): Client
  readonly stackRoot: string
}

export type Environment = Readonly<Record<string, string>>

export interface Answer {
  exitCode: number | undefined
  stdout: string
  stderr: string
}

export type Client = ReturnType<typeof startClient>

/** The last bytes of stdout and stderr that a call without streams keeps: far above any answer that is read. */
const answerLimit = 64 * 1024 * 1024

/** An engine for the stack at `stackRoot`; `own` is the environment the client inherits. */
export function dockerEngine(stackRoot: string, own: NodeJS.ProcessEnv): Engine {
  const inherited = { ...own, PWD: workingDirectory(stackRoot, own['PWD']) }
  const ask: Engine['ask'] = async (words, { signal }, environment) => {
    signal.throwIfAborted()
    const answer = await execa('docker', words, {
      cwd: stackRoot,
      env: { ...inherited, ...environment },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      cancelSignal: signal,
      killDescendants: true,
      maxBuffer: answerLimit,
    })
    signal.throwIfAborted()
    if (answer.code === 'ENOENT') throw existsSync(stackRoot) ? missingDocker(answer) : missingDirectory(stackRoot)
    return { exitCode: answer.exitCode, stdout: answer.stdout, stderr: answer.stderr }
  }

  return {
    stackRoot,
    ask,
    async call(words, ctx, environment) {
      const answer = await ask(words, ctx, environment)
      if (answer.exitCode === 0) return answer.stdout
      throw engineError(words, answer)
    },
    spawn: (words, environment) => startClient(words, { ...inherited, ...environment }, stackRoot),
  }
}

/**
 * Compose files may say ${PWD}, and mean the directory they lie in. By which of its names a shell has entered it counts
 * too: Compose resolves paths with it, and would make services anew for another name.
 */
function workingDirectory(stackRoot: string, own: string | undefined): string {
  try {
    return own !== undefined && realpathSync(own) === realpathSync(stackRoot) ? own : stackRoot
  } catch {
    return stackRoot
  }
}

function startClient(words: readonly string[], env: NodeJS.ProcessEnv, cwd: string) {
  return execa('docker', words, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    encoding: 'buffer',
    reject: false,
    // In a process group of its own: Ctrl-C in a terminal reaches angee alone, which then ends the command inside.
    killDescendants: true,
  })
}
