import type { TreeSummary, Warning } from '@angee/core'
import type { ErrorCode } from '@angee/core/errors'
import type { SharedRing } from './ring.ts'

/** What the tree thread is started with. */
export type TreeTask =
  | { task: 'capture'; ring: SharedRing; directory: string; exclude: readonly string[] }
  | { task: 'summarize'; ring: SharedRing; directory: string; exclude: readonly string[] }
  | { task: 'extract'; ring: SharedRing; into: string | undefined; mostBytes: number }

/** What the tree thread tells. `filled` and `released` name a block of the ring. */
export type TreeMessage =
  | { type: 'filled'; index: number }
  | { type: 'released'; index: number }
  | { type: 'progress'; entries: number; bytes: number }
  | { type: 'done'; summary: TreeSummary; warnings: Omit<Warning, 'part'>[] }
  | { type: 'failed'; error: TransferredError }

/** An error as it crosses threads. */
export interface TransferredError {
  code: ErrorCode
  message: string
  hint: string | undefined
  context: Record<string, unknown>
}
