export {
  isInside,
  resolveScope,
  type ScopeLayout,
  type ScopePart,
  type SecretsPart,
  type StreamPart,
  type TreePart,
} from './scope.ts'
