import type { Writable } from 'node:stream'
import type { AngeeError, BringUpEffects, Context, DrillEffects, Stack } from '@angee/core'
import type { results } from '../api/schemas/operation.ts'
import type { Workspaces } from '../workspaces.ts'

export type OperationKind = keyof typeof results

/** What an operation works with. */
export interface Work {
  /** Its id: a ULID that no other operation and no snapshot has. */
  id: string
  stack: Stack
  ctx: Context
  /** Gets what jobs write. */
  output: Writable
  effects: BringUpEffects & DrillEffects
  /** Undefined where this operator makes none. */
  workspaces: Workspaces | undefined
}

/** How an operation ended that did not throw. With `error` it has failed, and the result says at what. */
export interface Done {
  result: object
  error?: AngeeError
}

/** One kind of operation: how it is done, and how the truth about it is found out. */
export interface KindSpec<Input extends object> {
  /** `writer`: one at a time in the stack. `reader`: a few, also beside a writer. */
  readonly lane: 'writer' | 'reader'
  run(input: Input, work: Work): Promise<Done>
  /** What is kept and told of the input, where that is not all of it. */
  told?(input: Input): object
  /**
   * What came of one whose process died, once what was half done has been finished or undone: its result where it was
   * done all the same, undefined where it was not. Absent where that is never known.
   */
  settle?(input: Input, work: Work): Promise<object | undefined>
}

/** Keeps the exact type of the input. */
export function defineKind<Input extends object>(spec: KindSpec<Input>): KindSpec<Input> {
  return spec
}
