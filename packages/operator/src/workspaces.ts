import type { Writable } from 'node:stream'
import type { Context, StackServiceStatus } from '@angee/core'

/** A workspace of the stack, as the API tells of it. */
export interface WorkspaceFacts {
  name: string
  status: 'ready' | 'creating' | 'destroying' | 'missing'
  path: string
  stackRoot: string | null
  template: string
  inputs: Readonly<Record<string, unknown>>
  /** Port by pool. */
  leases: Readonly<Record<string, number>>
  createdAt: string
  /** That it began with. */
  snapshot: string | null
}

/** What is asked for. */
export interface WorkspaceWish {
  /** Absent: the template's naming pattern makes one. */
  name?: string
  template: string
  inputs: Readonly<Record<string, unknown>>
  /** The id of a snapshot of the stack, in full. */
  snapshot?: string
  only?: readonly string[]
  /** Absent: where there is data to begin with. */
  up?: boolean
}

/** What was made. */
export interface MadeWorkspace {
  name: string
  path: string
  stackRoot: string | null
  template: string
  inputs: Readonly<Record<string, unknown>>
  leases: Readonly<Record<string, number>>
  restore: { job: string; snapshot: string } | null
  notes: readonly string[]
  message: string | null
  up: MadeUp | null
}

/** What came up with it. */
export interface MadeUp {
  services: (Pick<StackServiceStatus, 'service' | 'state' | 'health'> & { runtime: StackServiceStatus['kind'] })[]
  restored: { job: string; snapshot: string; name?: string; parts: string[] }[]
  jobs: string[]
  files: { runtime: string; file: string; outcome: string }[]
}

/** Makes and removes workspaces of the one stack. Comes in from outside: the operator itself knows no templates. */
export interface Workspaces {
  list(ctx: Context): Promise<WorkspaceFacts[]>
  /** `output` gets what jobs write. */
  create(wish: WorkspaceWish, output: Writable, ctx: Context): Promise<MadeWorkspace>
  /** WORKSPACE_NOT_FOUND, WORKSPACE_IN_USE. */
  destroy(name: string, options: { purge: boolean }, ctx: Context): Promise<void>
}
