export {
  planRestore,
  type RestorePlan,
  type RestoreRequest,
  type StreamReplacement,
  type TreeReplacement,
} from './plan.ts'
