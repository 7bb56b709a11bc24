import * as backups from './backups.ts'
import * as operations from './operations.ts'
import * as operator from './operator.ts'
import * as restore from './restore.ts'
import * as retention from './retention.ts'
import type { RouteSpec } from './route.ts'
import * as schedules from './schedules.ts'
import * as stack from './stack.ts'
import * as workspaces from './workspaces.ts'

/** Every route there is. A group of routes is a file beside this one, and one of the same name in routes/. */
export const api = { backups, operations, operator, restore, retention, schedules, stack, workspaces }

/** The same as a list. */
export const allRoutes: readonly RouteSpec[] = Object.values(api).flatMap((group) => Object.values(group))
