import type { Daemon } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { backupRoutes } from './backups.ts'
import { operationRoutes } from './operations.ts'
import { operatorRoutes } from './operator.ts'
import { restoreRoutes } from './restore.ts'
import { retentionRoutes } from './retention.ts'
import { scheduleRoutes } from './schedules.ts'
import { stackRoutes } from './stack.ts'
import { verifyRoutes } from './verify.ts'
import { workspaceRoutes } from './workspaces.ts'

/** Registers the handlers of every route. */
export function routes(on: On, daemon: Daemon): void {
  for (const group of [
    backupRoutes,
    verifyRoutes,
    restoreRoutes,
    retentionRoutes,
    stackRoutes,
    scheduleRoutes,
    workspaceRoutes,
    operationRoutes,
    operatorRoutes,
  ]) {
    group(on, daemon)
  }
}
