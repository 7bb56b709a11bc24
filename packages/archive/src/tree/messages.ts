import type { TreeSummary, Warning } from '@angee/core'
import type { ErrorCode } from '@angee/core/errors'
import type { Remember } from './memory/write.ts'
import type { SharedRing } from './ring.ts'

/** What the tree thread is started with. `last` is a file of what was remembered. */
export type TreeTask =
  | ({ task: 'capture'; ring: SharedRing; remember: Remember | undefined } & Place)
  | ({ task: 'summarize'; remember: Remember | undefined; last: string | undefined } & Place)
  | ({ task: 'compare'; last: string; treeDigest: string } & Place)
  | { task: 'extract'; ring: SharedRing; into: string | undefined; mostBytes: number }

interface Place {
  directory: string
  exclude: readonly string[]
}

/** What a tree was found to be, whole. */
export interface TreeOutcome {
  summary: TreeSummary
  warnings: Omit<Warning, 'part'>[]
}

/** What comes of a task; of a comparison, whether nothing has changed. */
export type ResultOf<Task extends TreeTask> = Task extends { task: 'compare' } ? boolean : TreeOutcome

/** What the tree thread tells. `filled` and `released` name a block of the ring. */
export type TreeMessage =
  | { type: 'filled'; index: number }
  | { type: 'released'; index: number }
  | { type: 'progress'; entries: number; bytes: number }
  | { type: 'done'; result: ResultOf<TreeTask> }
  | { type: 'failed'; error: TransferredError }

/** An error as it crosses threads. */
export interface TransferredError {
  code: ErrorCode
  message: string
  hint: string | undefined
  context: Record<string, unknown>
}
