export { isInside, resolveScope, type ScopeLayout, type ScopePart, type StreamPart, type TreePart } from './scope.ts'
