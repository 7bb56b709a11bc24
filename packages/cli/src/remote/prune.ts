import { api } from '@angee/operator/client'
import { agreedIds, printPruned, printPrunePlan } from '../commands/backup-prune.ts'
import { declaredPolicy, type PruneOptions } from '../commands/prune-options.ts'
import { requireSomeoneToAsk } from '../confirm.ts'
import type { RetentionFacts } from '../output/retention.ts'
import type { Surface } from '../surface.ts'
import { withOperator } from './connect.ts'

export async function backupPrune(surface: Surface, _: readonly string[], options: PruneOptions): Promise<number> {
  const policy = declaredPolicy(surface, options)
  const allowShrink = options.allowShrink === true
  if (!options.dryRun) requireSomeoneToAsk(surface, 'Remove snapshots for ever?')
  return withOperator(surface, 'lines', async ({ client, run, progress, signal }) => {
    const plan = async () => (await client.call(api.retention.planPrune, { body: { policy } })) as RetentionFacts
    if (options.dryRun) return printPrunePlan(surface, await plan(), allowShrink)
    const agreed = surface.yes ? undefined : await agreedIds(surface, await plan(), allowShrink, signal)
    const done = await run('prune', api.retention.prune, { body: { policy, allow_shrink: allowShrink, agreed } })
    progress.end('erase')
    return printPruned(surface, done as RetentionFacts)
  })
}
