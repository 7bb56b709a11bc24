import { type LastRestore, lastRestore, type RestoreRequest, type RestoreResult, restoreSnapshot } from '@angee/core'
import { requireAgreedPlan } from '../../plan/agree.ts'
import { defineKind, type Work } from '../kind.ts'

export interface RestoreInput extends Pick<RestoreRequest, 'snapshot'> {
  only?: readonly string[]
  allowPartial?: boolean
  withoutSafety?: boolean
  /** Of an undo: parts that held nothing before. */
  emptied?: NonNullable<RestoreRequest['emptied']>
  abandon?: boolean
  /** The digest of the plan that was agreed to. */
  plan: string
}

/** Restores what was agreed to, and nothing else: under the lock the plan must still be the same. */
export const restore = defineKind<RestoreInput>({
  lane: 'writer',
  run: async ({ plan: agreed, abandon, ...request }, { id, stack, ctx }) => {
    const agree: RestoreRequest['agree'] = (plan) => void requireAgreedPlan(plan, request, stack.place.root, agreed)
    const options = { id, abandonUnfinished: abandon === true }
    return { result: resultOf(await restoreSnapshot(stack, { ...request, agree }, options, ctx)) }
  },
  settle: async (_, { id, stack, ctx }) => {
    const last = await lastRestore(stack.store)
    return last?.operation === id ? settled(last, stack, ctx) : undefined
  },
})

function resultOf({ plan, safety }: RestoreResult): object {
  const { id, name, createdAt } = plan.manifest
  const emptied = plan.trees.filter(({ stored }) => stored === undefined).map(({ part }) => part.id)
  return {
    snapshot: { id, ...(name === undefined ? {} : { name }), createdAt },
    safety: safety?.id ?? null,
    replaced: [...plan.trees, ...plan.streams].map(({ part }) => part.id).filter((part) => !emptied.includes(part)),
    emptied,
    kept: plan.kept,
  }
}

/** It was done, and its operator died before it could say so: which parts is what the manifest says. */
async function settled(last: LastRestore, stack: Work['stack'], ctx: Work['ctx']): Promise<object> {
  const { id, name, createdAt, parts } = await stack.backend.stat(last.snapshot, ctx)
  return {
    snapshot: { id, ...(name === undefined ? {} : { name }), createdAt },
    safety: last.safety,
    replaced: parts.map(({ part }) => part),
    emptied: [],
    kept: [],
  }
}
