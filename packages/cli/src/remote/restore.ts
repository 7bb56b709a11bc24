import { api } from '@angee/operator/client'
import { printPlan, printRestored, type RestoreArguments, refuseContradictions } from '../commands/stack-restore.ts'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { formatPlan } from '../output/plan.ts'
import type { Surface } from '../surface.ts'
import { type Remote, withOperator } from './connect.ts'

export async function stackRestore(
  surface: Surface,
  [reference]: readonly string[],
  options: RestoreArguments,
): Promise<number> {
  refuseContradictions(surface, reference, options)
  if (!options.dryRun) requireSomeoneToAsk(surface, 'Replace what is there?')
  return withOperator(surface, 'lines', async (remote) => {
    const { digest, unfinished, ...plan } = await planOf(remote, reference, options)
    if (options.dryRun) return printPlan(surface, plan, unfinished)
    if (!surface.yes) {
      surface.err(`${formatPlan(plan, surface)}\n`)
      if (!(await confirmed(surface, 'Replace what is there?', remote.signal))) throw declined()
    }
    const begun = performance.now()
    const facts = await restore(remote, reference, options, digest)
    remote.progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    return printRestored(surface, facts, reference === undefined, milliseconds, remote.progress.warnings)
  })
}

function planOf({ client }: Remote, snapshot: string | undefined, options: RestoreArguments) {
  const body = { ...(snapshot === undefined ? { undo: true } : { snapshot }), ...wanted(options) }
  return client.call(api.restore.planRestore, { body })
}

function restore({ run }: Remote, snapshot: string | undefined, options: RestoreArguments, plan: string) {
  const abandon = options.abandon === true
  if (snapshot === undefined) {
    const body = { without_safety: !options.safety, abandon, plan }
    return run('undo', api.restore.undoRestore, { body })
  }
  return run('restore', api.restore.restore, { body: { snapshot, ...wanted(options), abandon, plan } })
}

function wanted({ only, allowPartial, safety }: RestoreArguments) {
  return { only, allow_partial: allowPartial === true, without_safety: !safety }
}
