import { overridePolicy, type PruneRequest, pruneSnapshots, type RetentionPolicy, type Stack } from '@angee/core'
import { pruneFacts } from '../../plan/prune.ts'
import { defineKind } from '../kind.ts'

export interface PruneInput extends Pick<PruneRequest, 'allowShrink' | 'agreed'> {
  /** In place of the rules of the manifest. */
  policy?: RetentionPolicy
}

/** Removes what the retention policy does not keep. Interrupted between two snapshots, the next one goes on. */
export const prune = defineKind<PruneInput>({
  lane: 'writer',
  run: async ({ policy, ...input }, { id, stack, ctx }) => {
    const result = await pruneSnapshots(stack, { ...input, id, ...policyOf(stack, policy) }, ctx)
    return { result: pruneFacts(result, stack.manifest.timezone) }
  },
})

/** The policy of a request, completed by that of the manifest. */
export function policyOf({ manifest }: Stack, given: RetentionPolicy | undefined): { policy?: RetentionPolicy } {
  return given === undefined ? {} : { policy: overridePolicy(manifest.retention, given) }
}
