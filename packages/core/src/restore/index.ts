export { type LastRestore, lastRestore } from './history.ts'
export {
  planRestore,
  type RestorePlan,
  type RestoreRequest,
  type StreamReplacement,
  type TreeReplacement,
} from './plan.ts'
export { type PlannedPart, type PlanSummary, summarizePlan } from './summary.ts'
