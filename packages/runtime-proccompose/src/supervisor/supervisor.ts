import { isAbsolute, relative } from 'node:path'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core'
import type { z } from 'zod'
import type { SupervisorAddress } from './address.ts'
import {
  type ProcessInfo,
  type ProcessState,
  type ProjectState,
  processesAnswer,
  processInfo,
  projectState,
  refusal,
} from './answers.ts'
import { type Answer, ask } from './request.ts'

/** A process-compose server. Every call gives undefined when nobody listens there any more. */
export interface Supervisor {
  /** For messages. */
  readonly address: string
  /** RUNTIME_TOO_OLD when the server does not know the question. */
  project(ctx: Context): Promise<ProjectState | undefined>
  processes(ctx: Context): Promise<ProcessState[] | undefined>
  /** How the process was declared. RUNTIME_FAILED when the server has none of that name. */
  info(name: string, ctx: Context): Promise<ProcessInfo | undefined>
  /** Asks for a start. `refused` holds the server's words when it said no; a running process is refused. */
  start(name: string, ctx: Context): Promise<{ refused?: string } | undefined>
  /** Asks for a stop; the process may live on when this resolves. A stopped process is refused. */
  stop(name: string, ctx: Context): Promise<{ refused?: string } | undefined>
  /**
   * Has it read its files again: what is gone from them is stopped, what differs is stopped and made anew, and started
   * unless it is disabled. RUNTIME_FAILED with its words when it cannot.
   */
  reload(ctx: Context): Promise<void>
  /** Asks it to stop everything and to end. It lives on for a moment. */
  end(ctx: Context): Promise<void>
}

/** Milliseconds: a question about state is answered from memory. */
const silence = 10_000

export function supervisor(address: SupervisorAddress, token: string | undefined): Supervisor {
  async function get<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    ctx: Context,
  ): Promise<z.output<Schema> | undefined> {
    const answer = await ask(address, { method: 'GET', path, token, silence }, ctx)
    if (answer === undefined) return undefined
    if (answer.status !== 200) throw refused(address, path, answer)
    const parsed = schema.safeParse(json(answer.body))
    if (parsed.success) return parsed.data
    throw new AngeeError('RUNTIME_FAILED', `the answer of ${address.shown} to ${path} is not process-compose's`, {
      hint: `Check that a process-compose server listens at ${address.shown}.`,
      context: { address: address.shown, path },
    })
  }
  async function order(
    method: 'PATCH' | 'POST',
    path: string,
    ctx: Context,
  ): Promise<{ refused?: string } | undefined> {
    // No limit of silence: a stop with a shutdown command is answered only when that command has ended.
    const answer = await ask(address, { method, path, token, silence: 0 }, ctx)
    if (answer === undefined) return undefined
    if (answer.status === 200) return {}
    if (answer.status === 400) return { refused: words(answer) }
    throw refused(address, path, answer)
  }
  return {
    address: address.shown,
    project: (ctx) => get('/project/state', projectState, ctx),
    processes: async (ctx) => (await get('/processes', processesAnswer, ctx))?.data,
    info: (name, ctx) => get(`/process/info/${encodeURIComponent(name)}`, processInfo, ctx),
    start: (name, ctx) => order('POST', `/process/start/${encodeURIComponent(name)}`, ctx),
    stop: (name, ctx) => order('PATCH', `/process/stop/${encodeURIComponent(name)}`, ctx),
    async reload(ctx) {
      const answer = await order('POST', '/project/configuration', ctx)
      if (answer?.refused === undefined) return
      throw new AngeeError('RUNTIME_FAILED', `process-compose cannot read its file again: ${answer.refused}`, {
        hint: 'Look into the log of process-compose.',
        context: { address: address.shown },
      })
    },
    async end(ctx) {
      await order('POST', '/project/stop', ctx)
    },
  }
}

/**
 * The server of a stack, or undefined when none runs. A server found on the port that process-compose takes by default
 * counts only when the files it runs lie in the stack: it may be another project's, or no process-compose at all.
 */
export async function findSupervisor(
  address: SupervisorAddress,
  token: string | undefined,
  stackRoot: string,
  ctx: Context,
): Promise<Supervisor | undefined> {
  if (!address.guessed) {
    const found = supervisor(address, token)
    return (await found.project(ctx)) === undefined ? undefined : found
  }
  // Whoever listens there is not shown the token before it has said who it is.
  const project = await supervisor(address, undefined)
    .project(ctx)
    .catch(() => undefined)
  ctx.signal.throwIfAborted()
  return project?.fileNames?.some((file) => liesIn(stackRoot, file)) ? supervisor(address, token) : undefined
}

function liesIn(directory: string, file: string): boolean {
  const path = relative(directory, file)
  return isAbsolute(file) && !path.startsWith('..') && !isAbsolute(path)
}

function refused(address: SupervisorAddress, path: string, answer: Answer): AngeeError {
  if (answer.status === 404 || answer.status === 405) {
    return new AngeeError('RUNTIME_TOO_OLD', `the server at ${address.shown} does not know ${path}`, {
      hint: 'Install process-compose 1.122 or newer.',
      context: { address: address.shown, path },
    })
  }
  return new AngeeError(
    'RUNTIME_FAILED',
    `process-compose at ${address.shown} answers ${answer.status} to ${path}: ${words(answer)}`,
    {
      hint: 'Look into the log of process-compose.',
      context: { address: address.shown, path, status: answer.status },
    },
  )
}

function words({ body }: Answer): string {
  const parsed = refusal.safeParse(json(body))
  return parsed.success ? parsed.data.error : body.slice(0, 200)
}

function json(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
