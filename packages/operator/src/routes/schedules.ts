import { toAngeeError } from '@angee/core'
import { api } from '../api/index.ts'
import type { Daemon } from '../daemon.ts'
import type { On } from '../http/call.ts'

/** What is done on a schedule. */
export function scheduleRoutes(on: On, { scheduler }: Daemon): void {
  on(api.schedules.listSchedules, async () => {
    const schedules = await scheduler.facts()
    const problem = scheduler.problem()
    return { body: { schedules, problem: problem === undefined ? null : toAngeeError(problem).message } }
  })
}
