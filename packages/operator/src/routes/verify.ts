import { AngeeError } from '@angee/core'
import { api } from '../api/index.ts'
import type { RouteSpec } from '../api/route.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { Call, On } from '../http/call.ts'
import { meant } from './snapshots.ts'
import { requirePermission, starting, submit } from './submit.ts'

/** Reading snapshots back. */
export function verifyRoutes(on: On, daemon: Daemon): void {
  const start = starting(on, daemon)

  start(api.backups.verifyBackup, async (call) => {
    const snapshots = await allowed(daemon, call, [call.params.id])
    return submit(daemon, call, 'verify', { level: call.body.level, snapshots })
  })

  start(api.backups.verifyBackups, async (call) => {
    const { level, snapshots, all } = call.body
    if (all === (snapshots !== undefined)) throw unclear(all)
    if (snapshots) return submit(daemon, call, 'verify', { level, snapshots: await allowed(daemon, call, snapshots) })
    await requirePermission(daemon, call, 'verify', 'the stack')
    return submit(daemon, call, 'verify', { level })
  })
}

/** The ids of those snapshots, each once, all of which the caller may use. */
async function allowed<Route extends RouteSpec>(
  daemon: Daemon,
  call: Call<Route>,
  references: readonly string[],
): Promise<string[]> {
  return withStack(daemon, call.signal, async (stack, ctx) => {
    const ids = new Set<string>()
    for (const reference of references) {
      const snapshot = await meant(daemon, stack, reference, ctx)
      await requirePermission(daemon, call, 'verify', { snapshot })
      ids.add(snapshot.id)
    }
    return [...ids]
  })
}

function unclear(all: boolean): AngeeError {
  return new AngeeError('USAGE', all ? 'name snapshots or ask for all of them, not both' : 'which snapshots?', {
    hint: 'Give "snapshots": [ID, …], or "all": true.',
  })
}
