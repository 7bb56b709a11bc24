import type { KindSpec, OperationKind } from '../kind.ts'
import { backup } from './backup.ts'
import { copy } from './copy.ts'
import { drill } from './drill.ts'
import { prune } from './prune.ts'
import { reindex } from './reindex.ts'
import { remove } from './remove.ts'
import { restore } from './restore.ts'
import { down, job, up } from './up.ts'
import { verify } from './verify.ts'
import { workspaceCreate, workspaceDestroy } from './workspace.ts'

/** Every kind of operation. An undo is a restore of what the last one replaced. */
export const kinds = {
  backup,
  restore,
  undo: restore,
  remove,
  prune,
  verify,
  reindex,
  copy,
  drill,
  up,
  down,
  job,
  workspace_create: workspaceCreate,
  workspace_destroy: workspaceDestroy,
  // biome-ignore lint/suspicious/noExplicitAny: each kind has an input of its own
} satisfies Record<OperationKind, KindSpec<any>>
