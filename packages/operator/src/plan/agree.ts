import { createHash } from 'node:crypto'
import { AngeeError, type PlanSummary, type RestorePlan, type RestoreRequest, summarizePlan } from '@angee/core'
import { toSnake } from '../json.ts'

/** A plan with the digest that names it. */
export type DigestedPlan = PlanSummary & { digest: string; unfinished: readonly Unfinished[] }

/** An operation that runs, or was interrupted and is dealt with first. No part of what is agreed to. */
export interface Unfinished {
  id: string
  type: string
  snapshot: string
}

/** The plan in words, and the digest of all in it that is to be agreed to; free space is not. */
export function digestPlan(
  plan: RestorePlan,
  request: RestoreRequest,
  root: string,
  unfinished: readonly Unfinished[],
): DigestedPlan {
  const summary = summarizePlan(plan, request, root)
  const { space: _, ...agreed } = summary
  return {
    digest: `sha256:${createHash('sha256').update(JSON.stringify(agreed)).digest('hex')}`,
    ...summary,
    unfinished,
  }
}

/** PLAN_NOT_CONFIRMED, with the plan as it is, unless `agreed` is its digest. */
export function requireAgreedPlan(
  plan: RestorePlan,
  request: RestoreRequest,
  root: string,
  agreed: string | undefined,
  unfinished: readonly Unfinished[] = [],
): DigestedPlan {
  const digested = digestPlan(plan, request, root, unfinished)
  if (digested.digest === agreed) return digested
  const message =
    agreed === undefined
      ? 'a restore replaces what is there, and no plan of it was agreed to'
      : 'the plan is not the one that was agreed to'
  throw new AngeeError('PLAN_NOT_CONFIRMED', message, {
    hint: 'Look at the plan, and give its "digest" as "plan" to agree to it.',
    context: { plan: toSnake(digested) },
    retry: 'never',
  })
}
