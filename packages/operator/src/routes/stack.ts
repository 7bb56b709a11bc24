import { listJobs } from '@angee/core'
import { api } from '../api/index.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { present } from '../json.ts'
import { jobFacts, statusFacts } from '../stack/status.ts'
import { requirePermission, starting, submit } from './submit.ts'

/** Bringing the stack up and down, its jobs, and how it is. */
export function stackRoutes(on: On, daemon: Daemon): void {
  const start = starting(on, daemon)

  on(api.stack.status, ({ signal }) =>
    withStack(daemon, signal, async (stack, ctx) => ({ body: await statusFacts(stack, ctx) })),
  )

  on(api.stack.listJobs, ({ signal }) =>
    withStack(daemon, signal, async (stack) => ({ body: { jobs: (await listJobs(stack)).map(jobFacts) } })),
  )

  start(api.stack.bringUp, async (call) => {
    await requirePermission(daemon, call, 'up', 'the stack')
    const { services, wait } = call.body
    return submit(daemon, call, 'up', { ...present({ services }), withoutWaiting: !wait })
  })

  start(api.stack.takeDown, async (call) => {
    await requirePermission(daemon, call, 'down', 'the stack')
    return submit(daemon, call, 'down', { volumes: call.body.volumes })
  })

  start(api.stack.runJob, async (call) => {
    await requirePermission(daemon, call, 'job', 'the stack')
    return submit(daemon, call, 'job', { job: call.params.name, again: call.body.again })
  })
}
