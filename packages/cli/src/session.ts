import { treeTools } from '@angee/archive'
import {
  AngeeError,
  type Context,
  isAngeeError,
  nodeFiles,
  openStack,
  type Stack,
  type StackOpening,
} from '@angee/core'
import { loadBackend, loadRuntime } from './builtins.ts'
import { newContext } from './context.ts'
import { interruptSignal } from './interrupt.ts'
import { type Progress, startProgress } from './progress/progress.ts'
import type { Surface } from './surface.ts'
import { tool } from './version.ts'

/** An open stack, the context for its operations, and where they tell of themselves. */
export interface Session {
  stack: Stack
  ctx: Context
  progress: Progress
}

export interface SessionOptions {
  /** `lines`: events are printed on stdout as JSON lines when the user wants JSON. */
  events: 'lines' | 'none'
  /** What an interrupted operation leaves, for the user to know. */
  whenInterrupted?: string
}

/** Opens the stack that the user means, hands it to `use`, and closes it whatever happens. */
export async function withStack<Result>(
  surface: Surface,
  options: SessionOptions,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  return withContext(surface, options, async ({ ctx, progress }) => {
    await using stack = await openStack(stackOpening(surface), ctx)
    // Without `await` the stack would be closed before it is used.
    return await use({ stack, ctx, progress })
  })
}

/** The same without a stack: a context, progress, and an end to both whatever happens. */
export async function withContext<Result>(
  surface: Surface,
  { events, whenInterrupted }: SessionOptions,
  use: (session: Omit<Session, 'stack'>) => Promise<Result>,
): Promise<Result> {
  const progress = startProgress(surface, events)
  const ctx = newContext(surface, interruptSignal(surface.err), progress.onProgress)
  try {
    const result = await use({ ctx, progress })
    progress.end('erase')
    return result
  } catch (error) {
    progress.end('keep')
    // An abort reaches some calls as an error of their own: what the user did is what happened.
    if (!ctx.signal.aborted || isAngeeError(error, 'RESTORE_UNFINISHED')) throw error
    throw interrupted(ctx.signal.reason, whenInterrupted)
  }
}

function interrupted(reason: unknown, outcome: string | undefined): unknown {
  if (!isAngeeError(reason) || outcome === undefined) return reason
  return new AngeeError(reason.code, `${reason.message}; ${outcome}`, {
    hint: 'Run the command again when you want it done.',
    context: reason.context,
    retry: reason.retry,
  })
}

/** What a stack is opened with in this process. */
export function stackOpening(surface: Surface): StackOpening {
  return {
    directory: surface.root,
    from: process.cwd(),
    trees: treeTools,
    files: nodeFiles,
    loadBackend,
    loadRuntime,
    tool,
  }
}
