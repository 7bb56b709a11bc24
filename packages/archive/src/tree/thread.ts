import { Worker } from 'node:worker_threads'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { ResultOf, TreeMessage, TreeTask } from './messages.ts'

export interface TreeThread<Result> {
  outcome: Promise<Result>
  /** Ends the thread wherever it is. */
  stop(): Promise<void>
}

const fromSource = import.meta.url.endsWith('.ts')

/** Starts the tree thread on a task. `onMessage` is told of blocks; the outcome rejects when the thread fails or dies. */
export function startTreeThread<Task extends TreeTask>(
  task: Task,
  onMessage: (message: TreeMessage) => void,
): TreeThread<ResultOf<Task>> {
  const file = fromSource ? './worker.ts' : './tree-worker.js'
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: task,
    // The default heap would let two threads alone break the memory promise.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  })
  const outcome = new Promise<ResultOf<Task>>((resolve, reject) => {
    worker.on('message', (message: TreeMessage) => {
      if (message.type === 'done') resolve(message.result as ResultOf<Task>)
      else if (message.type === 'failed')
        reject(new AngeeError(message.error.code, message.error.message, withoutUndefined(message.error)))
      onMessage(message)
    })
    worker.once('error', (cause) =>
      reject(new AngeeError('INTERNAL', `the tree thread died: ${cause.message}`, { cause })),
    )
    worker.once('exit', () => reject(new AngeeError('INTERNAL', 'the tree thread ended without a result')))
  })
  outcome.catch(() => undefined)
  return {
    outcome,
    stop: async () => {
      await worker.terminate()
    },
  }
}

function withoutUndefined({ hint, context }: { hint: string | undefined; context: Record<string, unknown> }) {
  return hint === undefined ? { context } : { hint, context }
}

/** Aborts reach a thread that never turns its event loop: it is ended. Returns what to call when it is over. */
export function stopOnAbort(ctx: Pick<Context, 'signal'>, stop: () => void): () => void {
  ctx.signal.addEventListener('abort', stop, { once: true })
  return () => ctx.signal.removeEventListener('abort', stop)
}
