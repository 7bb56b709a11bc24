import { pruneSnapshots, toPolicy } from '@angee/core'
import { api } from '../api/index.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { present } from '../json.ts'
import { policyOf } from '../operations/kinds/prune.ts'
import { pruneFacts } from '../plan/prune.ts'
import { requirePermission, starting, submit } from './submit.ts'

/** What the retention policy keeps, and removing the rest. */
export function retentionRoutes(on: On, daemon: Daemon): void {
  on(api.retention.planPrune, (call) =>
    withStack(daemon, call.signal, async (stack, ctx) => {
      await requirePermission(daemon, call, 'plan', 'the stack')
      const { policy } = call.body
      const given = policy === undefined ? undefined : toPolicy(policy)
      const result = await pruneSnapshots(stack, { dryRun: true, ...policyOf(stack, given) }, ctx)
      return { body: pruneFacts(result, stack.manifest.timezone) }
    }),
  )

  starting(on, daemon)(api.retention.prune, async (call) => {
    await requirePermission(daemon, call, 'prune', 'the stack')
    const { policy, allow_shrink, agreed } = call.body
    const given = policy === undefined ? undefined : toPolicy(policy)
    return submit(daemon, call, 'prune', { ...present({ policy: given, agreed }), allowShrink: allow_shrink })
  })
}
